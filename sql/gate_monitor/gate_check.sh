#!/usr/bin/env bash
# The gate monitor for cron and CI: prints one verdict line and says it again by its exit code.
#
#   gate_check.sh [--quiet] [psql arguments: -h … -p … -U … -d …, -v ratified_apr=…, -v database=…]
#
# Exit 0 READY, ROLLED OUT or PARTLY ROLLED OUT … READY; 10 BLOCKED (the line lists every blocker), also behind PARTLY ROLLED OUT …;
# 1 error (no psql, no server, no answer in time).
# RATIFIED_APR in the environment (or -v ratified_apr=…) names the ratified request, without which nothing could start.
# Reads only: the session cannot write, and waits for no lock longer than 2 s.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1

quiet=
arguments=()
for argument in "$@"; do
  if [ "$argument" = --quiet ]; then quiet=1; else arguments+=("$argument"); fi
done

[ -z "$quiet" ] || exec 2>/dev/null

export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10}
export PGAPPNAME=${PGAPPNAME:-one-roof gate monitor}
# The path goes with the start-up packet: there it beats what a role or a database has set.
export PGOPTIONS="${PGOPTIONS:-} -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=on -c lock_timeout=2s -c statement_timeout=30s"

# The settings go through set_config, so that any value is safe; \gset keeps their rows out of the answer.
answer=$(
  psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=' ' \
    -v ON_ERROR_STOP=1 -v ratified_apr="${RATIFIED_APR:-}" -v gate_check="$here/gate_check.sql" \
    ${arguments[@]+"${arguments[@]}"} <<'PSQL'
\encoding UTF8
SELECT pg_catalog.set_config('one_roof.ratified_apr', :'ratified_apr', false) AS ratified_apr \gset one_roof_
\if :{?database}
SELECT pg_catalog.set_config('one_roof.database', :'database', false) AS database \gset one_roof_
\endif
\i :gate_check
PSQL
)
status=$?

if [ "$status" -eq 127 ]; then
  echo "gate_check: psql was not found; install the PostgreSQL client (package postgresql-client)" >&2
  exit 1
fi

answer=${answer% }
[ "$status" -eq 0 ] || answer=ERROR
case $answer in
  'BLOCKED '* | 'PARTLY ROLLED OUT tier'*'; tier '[1-9]' BLOCKED '*) code=10 ;;
  READY | 'ROLLED OUT' | 'PARTLY ROLLED OUT tier'*'; tier '[1-9]' READY') code=0 ;;
  *) code=1 ;;
esac

if [ -z "$quiet" ] && [ "$code" -ne 1 ]; then echo "$answer"; fi
exit "$code"
