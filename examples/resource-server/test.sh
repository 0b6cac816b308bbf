#!/usr/bin/env bash
# Starts this service beside the auth-server at $URL, whose JWT_SECRET_KEY is in the environment, and asks it with good and bad tokens.
# RESOURCE_SERVER is the program.
set -euo pipefail
. "$(dirname "$0")/start.sh"
. "$(dirname "$0")/../totp.sh"
start MAX_AGE=2

# expect STATUS WORDS [TOKEN]
expect() {
  local told
  told=$(curl --silent --write-out ' %{http_code}' ${3+--header "Authorization: Bearer $3"} "$service/greeting")
  [[ $told == *"$2"*" $1" ]] || { echo "expected $1 and $2, and was told: $told" >&2; exit 1; }
}
take() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$tokens"; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
decoded() { local text; text=$(tr -- '-_' '+/' <<<"$1"); while ((${#text} % 4)); do text+='='; done; openssl base64 -d -A <<<"$text"; }

email=rs-$$-$RANDOM@example.org
tokens=$(curl --silent --fail --retry 5 --header 'Content-Type: application/json' "$URL/auth/register" \
  --data "{\"email\":\"$email\",\"password\":\"Correct-Horse-7-Battery\"}")
access=$(take access_token)
IFS=. read -r header payload signature <<<"$access"

expect 200 "Hello, $email" "$access"
expect 401 token_missing
expect 401 token_invalid "$(take refresh_token)"
expect 401 token_invalid "$header.$payload"
# Another account, under the same signature.
claims=$(decoded "$payload")
expect 401 token_invalid "$header.$(printf %s "${claims/$email/eve@example.org}" | base64url).$signature"
# As it will be when it has long expired. Whoever can verify can sign: that is HS256.
old=$header.$(sed 's/"exp":[0-9]*/"exp":1000000000/; s/"nbf":[0-9]*/"nbf":999999000/' <<<"$claims" | tr -d '\n' | base64url)
expect 401 token_expired "$old.$(printf %s "$old" | openssl dgst -sha256 -hmac "$JWT_SECRET_KEY" -binary | base64url)"
# What needs two factors within MAX_AGE seconds. One password is not enough: the service says what is missing (RFC 9470).
payment() { curl --silent --include --request POST --header "Authorization: Bearer $access" "$service/payment" | tr -d '\r'; }
post() { curl --silent --fail --retry 5 --header "Authorization: Bearer $access" --header 'Content-Type: application/json' "$URL$1" --data "$2"; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
challenge='www-authenticate: Bearer error="insufficient_user_authentication", max_age="2", acr_values="aal2"'
refused() { local told; told=$(payment); [[ $told == *" 401 "*"$challenge"*reauthentication_required* ]]; }
refused || { echo "one password was enough" >&2; exit 1; }
app=$(post /auth/factors/totp '{}')
secret=$(member secret <<<"$app")
access=$(post "/auth/factors/totp/$(member id <<<"$app")/confirm" "{\"code\":\"$(totp "$secret")\"}" | member access_token)
[[ $(payment) == *" 200 "*paid_by* ]] || { echo "two factors were not enough: $(payment)" >&2; exit 1; }
end=$((SECONDS + 60))
until refused; do ((SECONDS < end)) || { echo "it stays fresh for ever" >&2; exit 1; }; done
access=$(post /auth/reauthenticate "{\"code\":\"$(totp "$secret" 1)\"}" | member access_token)
[[ $(payment) == *" 200 "*paid_by* ]] || { echo "another code was not enough: $(payment)" >&2; exit 1; }

# The limit: a logout is not seen here. Who must see it asks GET /auth/me.
curl --silent --fail --retry 5 --request POST --header "Authorization: Bearer $access" "$URL/auth/logout"
expect 200 "Hello, $email" "$access"
echo "All as it should be."
