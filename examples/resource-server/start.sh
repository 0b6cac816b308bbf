# For the tests: starts $RESOURCE_SERVER with these variables, says where it is in $service, and stops it when the test ends.
start() {
  log=$(mktemp)
  env "$@" PORT=0 "$RESOURCE_SERVER" >"$log" &
  server=$!
  trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -f "$log"' EXIT
  service=
  while [ -z "$service" ]; do
    kill -0 "$server" 2>/dev/null || { echo "the service did not start" >&2; exit 1; }
    service=$(sed -n 's/^listening on //p' "$log")
  done
}
