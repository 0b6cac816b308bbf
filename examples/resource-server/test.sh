#!/usr/bin/env bash
# Starts this service beside the auth-server at $URL, whose JWT_SECRET_KEY is in the environment, and asks it with good and bad tokens.
# RESOURCE_SERVER is the program.
set -euo pipefail
. "$(dirname "$0")/start.sh"
start

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
# The limit: a logout is not seen here. Who must see it asks GET /auth/me.
curl --silent --fail --retry 5 --request POST --header "Authorization: Bearer $access" "$URL/auth/logout"
expect 200 "Hello, $email" "$access"
echo "All as it should be."
