#!/usr/bin/env bash
# The same service without a secret: beside the auth-server at $URL, which signs with keys that it publishes. A logout is honoured here
# within seconds, and no request makes a call. AUTH_SERVER is the program with that server's settings, its log beside it.
set -euo pipefail
. "$(dirname "$0")/start.sh"
start -u JWT_SECRET_KEY JWT_ISSUER="$URL" POLL_SECONDS=1

greeting() { curl --silent --write-out ' %{http_code}' --header "Authorization: Bearer $1" "$service/greeting"; }
expect() { # STATUS WORDS TOKEN
  local told; told=$(greeting "$3")
  [[ $told == *"$2"*" $1" ]] || { echo "expected $1 and $2, and was told: $told" >&2; exit 1; }
}
# Until it is so, for as long as a slow machine may take.
eventually() { # STATUS WORDS TOKEN
  local end=$((SECONDS + 60))
  until [[ $(greeting "$3") == *"$2"*" $1" ]]; do
    ((SECONDS < end)) || { echo "it never came to $1 and $2" >&2; exit 1; }
  done
}
take() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
post() { curl --silent --fail --retry 5 --header 'Content-Type: application/json' "$URL$1" --data "$2"; }

account="{\"email\":\"rs-$$-$RANDOM@example.org\",\"password\":\"Correct-Horse-7-Battery\"}"
one=$(post /auth/register "$account" | take access_token)
other=$(post /auth/login "$account" | take access_token)
IFS=. read -r header payload signature <<<"$one"
expect 200 Hello "$one"
expect 401 token_invalid "$header.$payload."
expect 401 token_invalid "$header.$payload.${signature/[a-z]/_}"

# Three hundred requests. auth-server heard of the list, and of nothing else.
heard() { grep --count '"route":"/' "$(dirname "$AUTH_SERVER")/log" || true; }
before=$(heard)
for _ in $(seq 300); do expect 200 Hello "$one"; done
calls=$(($(heard) - before))
echo "300 requests, $calls calls to auth-server meanwhile."
((calls < 150)) || { echo "a call for each request?" >&2; exit 1; }

# A logout ends the one session here as well, and not the other.
curl --silent --fail --request POST --header "Authorization: Bearer $one" "$URL/auth/logout"
eventually 401 token_invalid "$one"
expect 200 Hello "$other"

# A key that somebody else may have: what it signed is refused, what the next one signs is not.
kid=$("$AUTH_SERVER" keys list | sed -n 's/^\([^ ]*\) .* active .*/\1/p')
"$AUTH_SERVER" keys revoke "$kid" --compromised
eventually 401 token_invalid "$other"
eventually 200 Hello "$(post /auth/login "$account" | take access_token)"
echo "All as it should be."
