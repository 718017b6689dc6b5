#!/bin/sh
# Runs a task as cron starts it:
#
#   cron_run.sh NAME LOGS now|at=HH:MM|missed=HH:MM COMMAND...
#
# Its output goes to LOGS/NAME-YYYY-MM.log; logs whose last line is over a year old are removed.
# With at= and missed= the command is due once a day at that time (UTC). at= runs it unless it is done;
# missed= does so too, for a machine that was asleep or whose clock was changed, but not before the first
# day. LOGS/NAME.due holds the time (in seconds since 1970) up to which it is done.
set -u
unset CDPATH
name=$1 logs=$2 when=$3
shift 3
cd "${0%/*}/../.." || exit 1
mkdir -p "$logs"

write_due() {
  echo "$due" > "$stamp.part" && mv "$stamp.part" "$stamp"
}

case $when in
  at=* | missed=*)
    time=${when#*=}
    hours=${time%:*} minutes=${time#*:}
    # 08 would be a number to the base 8.
    at=$(((${hours#0} * 60 + ${minutes#0}) * 60))
    now=$(date +%s)
    due=$(((now - at) / 86400 * 86400 + at))
    stamp=$logs/$name.due
    last=$(cat "$stamp" 2> /dev/null)
    # Equal, not "at least": a clock that once was years ahead must not end all runs.
    [ "$last" = "$due" ] && exit 0
    if [ "$when" = "missed=$time" ] && [ -z "$last" ]; then
      write_due
      exit
    fi
    ;;
esac

log=$logs/$name-$(date -u +%Y-%m).log
[ -e "$log" ] ||
  find "$logs" -name '*-[0-9][0-9][0-9][0-9]-[0-9][0-9].log' -mtime +366 -exec rm -f {} +
# If no log can be written, cron mails the output.
exec 3>&1
if true >> "$log"; then exec >> "$log" 2>&1; fi

say() {
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $name: $1"
}

say begins
"$@"
status=$?
case $status in
  126 | 127) say "there is no Deno at $1: install it, then run deno task schedule --install again" ;;
esac
# What still fits into the log's last block is no proof that all of it did.
say "ended with exit status $status" 2> /dev/null ||
  echo "$name ended with exit status $status, and $log cannot be written: is the disk full?" >&3
# Wrong usage, the same work already running, and a signal leave the day for the next try.
case $when/$status in
  now/*) ;;
  */0 | */1 | */4) write_due ;;
esac
exit "$status"
