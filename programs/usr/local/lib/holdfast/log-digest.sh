#!/bin/sh
# Managed by Holdfast. Yesterday's errors from the journal by mail, and what the watch on the hardware said; nothing if there is nothing.
#   log-digest            mails it
#   log-digest --print    prints it instead
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # cron and smartd leave them out
export LC_ALL=C.UTF-8
since=${HOLDFAST_SINCE:-yesterday} until=${HOLDFAST_UNTIL:-today}
mailer=${HOLDFAST_MAILER:-/usr/local/lib/holdfast/mail}

# One line for what was said many times, the most frequent first; pids and times are what differs.
condense() {
    sed -e 's/^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]* [^ ]* //' -e 's/\[[0-9]*\]:/:/' | sort | uniq -c | sort -rn | awk '
        NR <= 200 { sub(/^ +/, ""); count = $1; sub(/^[0-9]+ /, ""); print (count > 1 ? count "x " : "") substr($0, 1, 300) }
        END { if (NR > 200) print "… and " NR - 200 " more kinds" }'
}

failed=$(mktemp) || exit 1 # what a pipe makes of a status is lost
trap 'rm -f "$failed"' EXIT
read_journal() { journalctl --no-pager --quiet --output=short --since="$since" --until="$until" "$@" || echo "journalctl ended with status $?" >>"$failed"; }

# Holdfast's own lines have no priority, and smartd says at level info that a disk is gone.
ours='temperature (warning|critical|below|back|sensor missing)|has not ended|not watched|cannot be (stored|written)|(schedule|cancel) (a|the) shutdown|: disk .* fails|self-test, result [^0]|BMC event log|undeliverable|could not be sent|ipmitool .* failed|journalctl ended'
gone='Device: .*(, removed .* device: | device still removed: |, reconnected .* device)'

hardware=$(read_journal --identifier=ipmievd --identifier=smartd --priority=warning | condense
    read_journal --identifier=smartd --priority=notice..info | grep -E "$gone" | condense
    read_journal --identifier=holdfast | grep -E "$ours" | condense)
errors=$(read_journal --priority=err | grep -vE ' (ipmievd|smartd)(\[[0-9]+\])?: ' | condense)
broken=$(sort -u "$failed")
[ -n "$hardware$errors$broken" ] || { echo 'log digest: no errors'; exit 0; }

digest() {
    [ -z "$broken" ] || printf 'The journal could not be read, so this is not all: %s\n\n' "$broken"
    [ -z "$hardware" ] || printf 'Hardware\n\n%s\n\n' "$hardware"
    [ -z "$errors" ] || printf 'Errors\n\n%s\n\n' "$errors"
    printf 'More: journalctl --since=%s --until=%s --priority=err\n' "$since" "$until"
}

if [ "${1-}" = --print ]; then
    digest
else
    count=$(printf '%s\n%s\n' "$hardware" "$errors" | grep -c .)
    digest | timeout 90 "$mailer" "log digest: ${broken:+the journal could not be read, }$count kinds of errors and events" || exit 1
fi
[ -z "$broken" ] || { echo "log digest: $broken" >&2; exit 1; }
