#!/usr/bin/env bash
# Once through the life of an account, at the server in $URL. Stops at the first answer that is not what it should be.
set -euo pipefail
. "$(dirname "$0")/../totp.sh"
URL=${URL:-http://127.0.0.1:8000}
EMAIL=ann-$$-$RANDOM@example.org
PASSWORD=Correct-Horse-7-Battery
NEW_PASSWORD=Staple-Paper-8-Clip

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# ask STATUS METHOD PATH [ARGUMENT of curl …]: the answer's body is in $answer afterwards. curl itself waits as Retry-After says.
ask() {
  local expected=$1 method=$2 path=$3 status
  shift 3
  status=$(curl --silent --show-error --retry 5 --output "$answer" --write-out '%{http_code}' --request "$method" "$URL$path" "$@")
  printf '%-6s %-22s %s\n' "$method" "$path" "$status"
  [ "$status" = "$expected" ] || { echo "expected $expected, and was told: $(cat "$answer")" >&2; exit 1; }
}
# The member of that name in the answer; text only.
take() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$answer"; }
has() { grep -q "$1" "$answer" || { echo "no $1 in: $(cat "$answer")" >&2; exit 1; }; }
bearer() { printf 'Authorization: Bearer %s' "$access"; }
JSON=(--header 'Content-Type: application/json')

# Register. The answer already holds tokens.
ask 201 POST /auth/register "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"password\":\"$PASSWORD\"}"

# Log in, and keep the two tokens.
ask 200 POST /auth/login "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"password\":\"$PASSWORD\"}"
access=$(take access_token) refresh=$(take refresh_token)

# Who am I?
ask 200 GET /auth/me --header "$(bearer)"
has "\"email\":\"$EMAIL\""

# The next pair. The old refresh token is spent now.
ask 200 POST /auth/refresh "${JSON[@]}" --data "{\"refresh_token\":\"$refresh\"}"
access=$(take access_token)

# Where am I logged in? Here, and where the account was registered.
ask 200 GET /auth/sessions --header "$(bearer)"
has '"current":true'
has '"current":false'

# Change the password. Every other session ends, this one lives on.
ask 204 POST /auth/password --header "$(bearer)" "${JSON[@]}" \
  --data "{\"current_password\":\"$PASSWORD\",\"new_password\":\"$NEW_PASSWORD\"}"
ask 401 POST /auth/login "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"password\":\"$PASSWORD\"}"
has '"code":"invalid_credentials"'

# A second factor: an authenticator app, where the server has a KEY_ENCRYPTION_KEY. Its first code confirms it, and brings ten recovery codes.
status=$(curl --silent --output "$answer" --write-out '%{http_code}' --request POST "$URL/auth/factors/totp" --header "$(bearer)" "${JSON[@]}" --data '{"name":"My phone"}')
if [ "$status" = 201 ]; then
  id=$(take id) secret=$(take secret)
  ask 200 POST "/auth/factors/totp/$id/confirm" --header "$(bearer)" "${JSON[@]}" --data "{\"code\":\"$(totp "$secret")\"}"
  has '"recovery_codes":\["'
  recovery=$(sed -n 's/.*"recovery_codes":\["\([^"]*\)".*/\1/p' "$answer")
  # From now on a login has two stages. A code counts once, so this is that of the next half minute.
  ask 403 POST /auth/login "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"password\":\"$NEW_PASSWORD\"}"
  has '"code":"second_factor_required"'
  mfa=$(take mfa_token)
  ask 401 POST /auth/login/factor "${JSON[@]}" --data "{\"mfa_token\":\"$mfa\",\"code\":\"not a code\"}"
  has '"code":"code_invalid"'
  ask 200 POST /auth/login/factor "${JSON[@]}" --data "{\"mfa_token\":\"$mfa\",\"code\":\"$(totp "$secret" 1)\"}"
  access=$(take access_token)
  # To authenticate again, a code as well; a recovery code stands in for one.
  ask 401 POST /auth/reauthenticate --header "$(bearer)" "${JSON[@]}" --data "{\"password\":\"$NEW_PASSWORD\"}"
  has '"code":"reauthentication_required"'
  ask 200 POST /auth/reauthenticate --header "$(bearer)" "${JSON[@]}" --data "{\"code\":\"$recovery\"}"
  access=$(take access_token)
  ask 200 GET /auth/factors --header "$(bearer)"
  has '"recovery_codes_left":9'
  ask 204 DELETE "/auth/factors/$id" --header "$(bearer)"
fi

# Log out everywhere. The access token is refused from now on, not only when it expires.
ask 204 POST '/auth/logout?scope=all' --header "$(bearer)"
ask 401 GET /auth/me --header "$(bearer)"
has '"code":"token_invalid"'

# Forget it. Where mails are files (MAIL_URL=file:mail), MAIL_DIR is the folder. The mail has a link to a page, and a code for typing.
mail_to_reset() { grep --files-with-matches --fixed-strings "To: $EMAIL" $(grep --files-with-matches /pages/reset "$MAIL_DIR"/*.eml); }
if [ -n "${MAIL_DIR-}" ]; then
  ask 202 POST /auth/password/forgot "${JSON[@]}" --data "{\"email\":\"$EMAIL\"}"
  until mail=$(mail_to_reset </dev/null 2>/dev/null); do sleep 1; done
  code=$(sed -n 's/^\([0-9]\{8\}\).$/\1/p' "$mail") NEW_PASSWORD=Remembered-Clip-9
  ask 204 POST /auth/password/reset "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"code\":\"$code\",\"new_password\":\"$NEW_PASSWORD\"}"
fi

# The account goes as it came.
ask 200 POST /auth/login "${JSON[@]}" --data "{\"email\":\"$EMAIL\",\"password\":\"$NEW_PASSWORD\"}"
access=$(take access_token)
ask 204 DELETE /auth/me --header "$(bearer)" "${JSON[@]}" --data "{\"password\":\"$NEW_PASSWORD\"}"
echo "All as it should be."
