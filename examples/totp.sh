# For scripts: what an authenticator app shows (RFC 6238). totp SECRET [STEPS FROM NOW]; a step is half a minute, and one either
# side of now is taken. Needs base32 and od (coreutils) and openssl.
totp() {
  local counter key hash
  printf -v counter '%016x' $(($(date +%s) / 30 + ${2:-0}))
  key=$(printf %s "$1" | base32 --decode | od -An -v -tx1 | tr -d ' \n')
  hash=$(printf %b "$(sed 's/../\\x&/g' <<<"$counter")" | openssl dgst -sha1 -mac HMAC -macopt "hexkey:$key" | sed 's/.*= *//')
  printf '%06d\n' $(((16#${hash:$((16#${hash:39:1} * 2)):8} & 0x7fffffff) % 1000000))
}
