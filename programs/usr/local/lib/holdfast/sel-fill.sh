#!/bin/sh
# Managed by Holdfast. How full the BMC's event log (SEL) is: most BMCs drop new events when it is full.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # cron and smartd leave them out
export LC_ALL=C
limit=80 # percent
keep=${HOLDFAST_STATE:-/var/lib/holdfast} metrics=${HOLDFAST_METRICS:-/var/lib/prometheus/node-exporter} mailer=${HOLDFAST_MAILER:-/usr/local/lib/holdfast/mail}
prom=$metrics/holdfast_sel.prom

note() { mkdir -p "$keep" && printf '%s\n' "$1" >"$keep/$2.new" && mv "$keep/$2.new" "$keep/$2"; }

# What was known no longer holds, neither for the stack's outputs nor for whoever scrapes.
unknown() { # MESSAGE WORD STATUS
    echo "$1"
    note "$2" sel
    rm -f "$prom"
    exit "$3"
}

# The number that a field begins with, or nothing: "unknown" is none.
number() { printf '%s\n' "$info" | sed -n "s/^$1 *: *\([0-9][0-9]*\).*/\1/p" | head -n 1; }

info=$(timeout 60 ipmitool sel info) || unknown 'ipmitool sel info failed' unknown 1
used=$(number 'Percent Used') entries=$(number Entries) free=$(number 'Free Space')
overflow=$(printf '%s\n' "$info" | grep -c '^Overflow *: *true')
# ipmitool does not say it of an empty log, nor of one beyond 64 KiB. An entry has 16 bytes; a free space of 65535 bytes means that or more.
if [ -z "$used" ] && [ -n "$entries" ] && [ -n "$free" ] && [ "$((entries + free))" -gt 0 ] && [ "$free" -lt 65535 ]; then
    used=$((entries * 16 * 100 / (entries * 16 + free)))
fi

if [ "$overflow" -gt 0 ]; then now='overflowed' what='has overflowed, events are lost'
elif [ -n "$used" ] && [ "$used" -ge "$limit" ]; then now='nearly full' what="is $used percent full"
elif [ -n "$used" ] || [ "${free:-0}" -ge 65535 ]; then now='has room'
# Such a BMC never does: no drift, since no `up` could mend it.
else unknown 'the BMC does not say how full its event log is' 'not checked: the BMC does not say' 0
fi

before=$(cat "$keep/sel.told" 2>/dev/null) # a run that could not tell is no reason to mail again
note "$now" sel
note "$now" sel.told
if [ "$now" != 'has room' ]; then
    echo "BMC event log $what; save it and clear it: ipmitool sel save FILE && ipmitool sel clear"
    [ "$before" = "$now" ] || [ ! -x "$mailer" ] || printf '%s\n' "$info" | timeout 90 "$mailer" "BMC event log $what"
fi

metric() { printf '# HELP holdfast_ipmi_sel_%s %s\n# TYPE holdfast_ipmi_sel_%s gauge\nholdfast_ipmi_sel_%s %s\n' "$1" "$2" "$1" "$1" "$3"; }
[ -d "$metrics" ] || exit 0
{
    [ -z "$used" ] || metric used_ratio 'How full the BMC event log is, 0 to 1; absent where the BMC does not say.' "$(awk "BEGIN { print $used / 100 }")"
    [ -z "$entries" ] || metric entries 'Events in the BMC event log.' "$entries"
    metric overflow 'Whether the BMC event log has overflowed and lost events.' "$overflow"
} >"$prom.$$" && chmod 0644 "$prom.$$" && mv "$prom.$$" "$prom"
