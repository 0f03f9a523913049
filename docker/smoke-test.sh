#!/usr/bin/env bash
# Builds the image, runs it as it is meant to be run, waits until it is healthy and calls every route once that asks for no key.
# usage: docker/smoke-test.sh [PORT]      the port for probes is the one after it
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-8080}
image=rnn-service:smoke
url=http://localhost:$port
probes=http://localhost:$((port + 1))

docker build -t "$image" .
container=$(docker run -d --read-only --tmpfs /tmp -p "$port:8080" -p "$((port + 1)):8081" "$image")
trap 'docker rm -f "$container" >/dev/null' EXIT

for _ in $(seq 60); do
  health=$(docker inspect -f '{{.State.Health.Status}}' "$container")
  [[ $health == healthy ]] && break
  sleep 1
done
[[ $health == healthy ]] || { docker logs "$container"; echo "not healthy after 60 s: $health" >&2; exit 1; }
user=$(docker inspect -f '{{.Config.User}}' "$container")
[[ -n $user && $user != root && $user != 0 ]] || { echo "the service runs as root" >&2; exit 1; }

post() { curl -fsS -H 'content-type: application/json' -d "$2" "$url$1"; echo; }
post /generate '{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 40, "seed": 7}}'
post /generate_stream '{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 3, "seed": 7}}'
post /generate '{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 20, "seed": 7}, "session": {"return_state": true}}'
post / '{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 20, "seed": 7}}'
post /models/shakespeare '{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 20, "seed": 7}}'
post /v1/completions '{"prompt": "ROMEO:", "max_tokens": 20, "seed": 7}'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "ROMEO:"}], "max_tokens": 20, "seed": 7}'
post /v2/models/sentiment/infer '{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a lovely film"]}]}'
post /inspect '{"inputs": "a lovely film", "model": "sentiment"}' > /dev/null
post /classify '{"inputs": "a lovely film"}'
post /tag '{"inputs": "Marie Curie worked in Paris."}'
for route in /health /health/live /health/ready /info /models /v1/models /v2 /v2/models/sentiment /metrics / /swagger/v1/swagger.json; do curl -fsS -o /dev/null "$url$route"; done
for route in /health/live /health/ready /metrics; do curl -fsS -o /dev/null "$probes$route"; done
[[ $(curl -s -o /dev/null -w '%{http_code}' "$probes/models") == 404 ]] || { echo "the port for probes answers other routes" >&2; exit 1; }
docker stop -t 45 "$container" >/dev/null
[[ $(docker inspect -f '{{.State.ExitCode}}' "$container") == 0 ]] || { echo "the service did not stop in order" >&2; exit 1; }
echo "image: $(docker image inspect -f '{{.Size}}' "$image") bytes"
