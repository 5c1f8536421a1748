#!/bin/sh
# Managed by Holdfast. Mail about this node, through its own sendmail; what became of it is noted for the stack's outputs.
#   mail SUBJECT <BODY
#   mail --test          one test message for each new setting; never fails
#   mail --fate          prints what has become of the last one: what was noted, or what postfix's log has said since
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # cron and smartd leave them out
export LC_ALL=C
TO=root FROM=
conf=${HOLDFAST_MAIL_CONF:-/etc/holdfast/mail.conf} keep=${HOLDFAST_STATE:-/var/lib/holdfast}
[ ! -r "$conf" ] || . "$conf"

send() {
    if [ -x /usr/sbin/sendmail ] || command -v sendmail >/dev/null; then set -- sendmail "$@"
    elif command -v msmtp >/dev/null; then set -- msmtp "$@"
    else echo 'this node has no sendmail: set mail.relay, or install an MTA'; return 1
    fi
    message "$subject" | timeout 60 "$@" -i ${FROM:+-f "$FROM"} -- $TO 2>&1
}

message() {
    printf 'Subject: %s\n' "$(header "[$(uname -n)] $1")"
    [ -z "$FROM" ] || printf 'From: Holdfast on %s <%s>\n' "$(uname -n)" "$FROM"
    # Before the recipients, who may be many: watch.py knows a mail of ours in postfix's queue by it.
    printf 'Message-ID: <%s>\n' "$id"
    printf 'To: %s\n' "$(echo $TO | sed 's/ /, /g')"
    printf 'Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n'
    printf '%s\n' "$body"
}

# One line, and encoded (RFC 2047) where it is not plain ASCII: a line break would start a header of somebody else's.
header() {
    line=$(printf '%s' "$1" | tr '\r\n\t' '   ' | cut -c 1-200)
    case $line in
    *[!\ -~]*) printf '=?UTF-8?B?%s?=' "$(printf '%s' "$line" | base64 | tr -d '\n')" ;;
    *) printf '%s' "$line" ;;
    esac
}

is_postfix() {
    [ -d "${HOLDFAST_POSTFIX:-/var/spool/postfix}" ] && [ "$(basename "$(readlink -f "$(command -v sendmail)")")" != msmtp ]
}

# postfix accepts at once and tries later, so what became of a message stands in its log: by message-id its queue ids, and by
# queue id and recipient the last status. An alias, or a command (Proxmox has root's mail sent on by one), starts a new queue
# id, whose status is what counts. Prints `sent` when all are, the reason of one that is not, or nothing: not known (yet).
verdict() {
    is_postfix || return 0
    journalctl --quiet --output=cat --since="@$start" SYSLOG_FACILITY=2 2>/dev/null | awk -v id="message-id=<$id>" -v recipients="$(echo $TO | wc -w)" '
        $2 == id { ours[$1] = 1 }
        !($1 in ours) || !match($0, / status=[^ ,]*/) { next }
        { of = $1 ($2 ~ /^to=/ ? $2 : ""); at[of] = NR; why[of] = "" }
        substr($0, RSTART + 8, RLENGTH - 8) != "sent" { sub(/^[^:]*: /, ""); gsub(/ delays?=[^ ]*/, ""); why[of] = $0; next }
        { sent[of] = !/ \((forwarded as|delivered to command:) / }
        END {
            for (of in at) if (why[of] != "" && at[of] > last) { last = at[of]; bad = why[of] }
            for (of in at) if (why[of] == "" && sent[of]) count++
            if (bad != "") print bad; else if (count >= recipients) print "sent"
        }'
}

worded() {
    case $1 in '') echo accepted ;; sent) echo delivered ;; *) echo "undeliverable: $(printf '%s' "$1" | tr '\n' ' ' | cut -c 1-200)" ;; esac
}

# What is final stays as it was noted; what postfix had yet to try, or to try again, is asked for. Where its log is gone by now,
# no more is known than that it was accepted.
fate() {
    told='not tried' id=
    [ ! -r "$keep/mail" ] || { IFS= read -r told; read -r id start; } <"$keep/mail"
    case $told in accepted | *' status=deferred '*) [ -z "$id" ] || told=$(worded "$(verdict)") ;; esac
    printf '%s\n' "$told"
}

# With the message's id and the time, for `--fate`.
note() {
    mkdir -p "$keep" && printf '%s\n%s %s\n' "$1" "$id" "$start" >"$keep/mail.new" && mv "$keep/mail.new" "$keep/mail"
}

subject=${1:?a subject is needed}
[ "$subject" != --fate ] || { fate; exit 0; }
start=$(date +%s)
case $FROM in *@*) id=holdfast.$start.$$@${FROM#*@} ;; *) id=holdfast.$start.$$@$(uname -n) ;; esac
tested=$keep/mail.tested setting=
if [ "$subject" = --test ]; then
    setting=$(cat "$conf" /etc/msmtprc 2>/dev/null | cksum)
    [ "$(cat "$tested" 2>/dev/null)" != "$setting" ] || exit 0
    subject='Holdfast test message' body="Warnings about $(uname -n) will come to this address."
else
    body=$(cat)
fi
if complaint=$(send); then
    note accepted
    [ -n "$setting" ] || exit 0
    waited=0 complaint=$(verdict)
    while [ -z "$complaint" ] && [ "$waited" -lt 20 ] && is_postfix; do
        waited=$((waited + 1)); sleep 1; complaint=$(verdict)
    done
    note "$(worded "$complaint")"
    case $complaint in '' | sent) printf '%s\n' "$setting" >"$tested"; exit 0 ;; esac
else
    note "$(worded "${complaint:-sendmail has failed without a word}")"
fi
logger -t holdfast -p user.err -- "mail '$subject' is $(head -n 1 "$keep/mail")"
[ -n "$setting" ]
