#!/bin/sh
# Managed by Holdfast. Run by Debian's smartd-runner for each of smartd's warnings; smartd waits for its end.
# On the real failure of a disk that nothing makes up for, it schedules a graceful shutdown: shutdown -h +5, cancelled with
# shutdown -c. A disk whose array or pool still holds, or of which that is not known, is only mailed about.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # smartd's own script leaves them out
export PATH
export LC_ALL=C
sys=${HOLDFAST_SYS:-/sys} proc=${HOLDFAST_PROC:-/proc} udev=${HOLDFAST_UDEV:-/run/udev/data} run=${HOLDFAST_RUN:-/run/holdfast}
policy=${HOLDFAST_SMARTD_POLICY:-/etc/holdfast/smartd-policy} scheduled=${HOLDFAST_SCHEDULED:-/run/systemd/shutdown/scheduled}
mailer=${HOLDFAST_MAILER:-/usr/local/lib/holdfast/mail} bsdmail=${HOLDFAST_BSD_MAIL:-/usr/bin/mail} patience=${HOLDFAST_PATIENCE:-20}
device=${SMARTD_DEVICE-} type=${SMARTD_DEVICETYPE-} failure=${SMARTD_FAILTYPE-} message=${SMARTD_MESSAGE-}

main() {
    news=''
    ! is_failure || act
    # Debian's own 10mail needs /usr/bin/mail, and has failed without it.
    [ -x "${0%/*}/10mail" ] && [ -x "$bsdmail" ] || send "${SMARTD_SUBJECT:-SMART warning: $device}" "${SMARTD_FULLMESSAGE:-$message}"
    [ -z "$news" ] || send "disk failing, $news: $device" "smartd: $failure: $message
To cancel a shutdown: shutdown -c"
}

# Also under the names that the incident report's helper knew. A disk that cannot be opened or read may be a cable, and
# EmailTest is none. Heat is none either, nor an NVMe drive's other critical warnings (spare blocks, backup of its memory),
# all of which smartd calls Health, or Usage.
is_failure() {
    case $failure in
    Health | Usage | OfflineUncorrectableSector | USAGE_FAILED | OFFLINE_FAILED) ;;
    *) return 1 ;;
    esac
    case $type:$message in
    *'Critical Warning ('*'): '*Reliability* | *'Critical Warning ('*'): '*R/O* | *'Critical Warning ('*'): '*Read_Only*) return 0 ;;
    nvme* | *'Critical Warning ('* | *'Attribute: 190 '* | *'Attribute: 194 '* | *'emperature exceeded'*) return 1 ;;
    esac
}

# Once for each disk until the next boot, so that a shutdown which someone cancels stays cancelled.
act() {
    disk=$(readlink -f "$device")
    disk=${disk##*/}
    [ -d "$sys/block/$disk" ] || disk=${disk}n1 # smartd watches the NVMe controller, blocks are in its namespace
    mkdir -p "$run" 2>/dev/null
    # No disk that failed counts as what makes up for another. A disk that is swapped has another number.
    [ ! -d "$sys/block/$disk" ] || cat "$sys/block/$disk/diskseq" 2>/dev/null | tee "$run/smartd-failing-$disk" >/dev/null 2>&1
    serial=${SMARTD_DEVICEINFO-}
    case $serial in *S/N:*) serial=${serial#*S/N:} serial=${serial%%,*} ;; *) serial="$device $type" ;; esac
    mark=$run/smartd-$(printf '%s' "$serial" | cksum | tr ' ' -)
    [ ! -e "$mark" ] || return 0
    reason=$(why_not)
    if [ -n "$reason" ]; then
        say "disk $device fails ($failure); not powered off: $reason"
    else
        power_off
        say "disk $device fails ($failure); $news"
    fi
}

# Leaves what somebody else has scheduled, if it comes as early.
power_off() {
    mode=$(sed -n 's/^MODE=//p' "$scheduled" 2>/dev/null)
    due=$(sed -n 's/^USEC=\([0-9]\{1,18\}\)$/\1/p' "$scheduled" 2>/dev/null)
    left=$((${due:-0} / 1000000 - $(date +%s)))
    if [ -n "$due" ] && [ "$left" -le 300 ]; then
        news="left to the $mode that is already scheduled in $((left / 60)) minutes"
    elif timeout 30 shutdown -h +5 "Holdfast: disk $device fails ($failure). Cancel with: shutdown -c"; then
        news="shutting down in 5 minutes${due:+ instead of the $mode that was scheduled in $((left / 60)) minutes}"
        touch "$mark" 2>/dev/null || say "$mark cannot be written: a cancelled shutdown may be scheduled again"
    else
        news="but the shutdown could not be scheduled (status $?): the node stays on"
    fi
}

# What speaks against powering off; nothing where the node is better stopped.
why_not() {
    action=$(awk -v device="$device" -v typed="$device[$type]" '$1 == typed || $1 == device || $1 == "*" { print $2; exit }' "$policy" 2>/dev/null)
    [ "${action:-alert}" = shutdown ] || { echo 'the stack says alert'; return; }
    case $type in
    *megaraid* | *3ware* | *areca* | *cciss* | *aacraid* | *hpt* | *sssraid* | *jmb39x* | *jms56x* | *usbasm1352r*) echo 'it is behind a RAID controller, whose redundancy is not known'; return ;;
    esac
    [ -d "$sys/block/$disk" ] || { echo "what is on it is not known"; return; }
    failing=" $(for mark in "$run"/smartd-failing-*; do layers "${mark##*-}"; done | tr '\n' ' ')"
    used=''
    for path in "$sys/block/$disk" "$sys/block/$disk/$disk"*; do
        [ -d "$path" ] || continue
        reason=$(inspect "${path##*/}" "$path" | head -n 1)
        [ -z "$reason" ] || { echo "$reason"; return; }
        ! is_used "${path##*/}" "$path" || used=yes
    done
    [ -n "$used" ] || echo 'nothing on it is in use'
}

# What may be a member elsewhere of another disk that fails: the disk, its partitions, device-mapper's devices above them.
layers() {
    case $1 in
    dm-*) ;;
    *) [ "$1" != "$disk" ] && [ "$(cat "$sys/block/$1/diskseq")" = "$(cat "$run/smartd-failing-$1")" ] || return 0 ;;
    esac 2>/dev/null
    for layer in "$sys/block/$1" "$sys/block/$1/$1"* "$sys/block/$1"/holders/dm-* "$sys/block/$1/$1"*/holders/dm-*; do
        [ -e "$layer" ] || continue
        echo "${layer##*/}"
        case $layer in */holders/*) layers "${layer##*/}" ;; esac
    done
}

# Prints why a device can be lost, or why that is not known; nothing where its loss is the data's.
inspect() {
    case $(content "$1" "$2") in
    zfs_member) zfs "$1" ;;
    btrfs) echo 'it is part of a btrfs, whose redundancy is not known' ;;
    ceph_bluestore | drbd) echo 'its data are replicated' ;;
    unknown) echo "what is on $1 is not known: it does not answer" ;;
    esac
    for holder in "$2"/holders/*; do
        [ ! -e "$holder" ] || climb "${holder##*/}" "$1"
    done
}

# udev knows it without touching the disk.
content() {
    number=''
    read -r number <"$2/dev"
    known=$(sed -n 's/^E:ID_FS_TYPE=//p' "$udev/b$number")
    if [ -n "$known" ]; then echo "$known"; else bounded blkid -o value -s TYPE "/dev/$1" || echo unknown; fi
} 2>/dev/null

is_used() {
    number=''
    read -r number <"$2/dev"
    [ -n "$(content "$1" "$2")" ] || [ -n "$(ls "$2/holders")" ] || grep -q "^[0-9]* [0-9]* $number " "$proc/self/mountinfo" || grep -q "^/dev/$1[[:blank:]]" "$proc/swaps"
} 2>/dev/null

# Prints what a command says, if it ends within 20 s. Not even SIGKILL ends one that hangs in the kernel: it is left behind.
bounded() {
    said=$({ { timeout -k 2 "$patience" "$@"; echo "ended $?"; } 2>/dev/null & } | timeout $((patience + 5)) cat)
    case $said in *'ended 124' | *'ended 137') return 1 ;; *'ended '*) printf '%s\n' "${said%ended *}" ;; *) return 1 ;; esac
}

climb() {
    case $1 in
    md*) array "$1" "$2" ;;
    dm-*)
        name=''
        read -r name <"$sys/block/$1/dm/name"
        case $name in
        *_rimage_* | *_rmeta_* | *_mimage_*) echo "it is part of the LVM mirror ${name%%_*}, whose state is not known" ;;
        ceph--*) echo 'its data are replicated by Ceph' ;;
        esac
        inspect "$1" "$sys/block/$1"
        ;;
    *) echo "it is used by $1, of which nothing is known" ;;
    esac
}

array() {
    md=$sys/block/$1/md level='' degraded='' state='' working=0
    read -r level <"$md/level"
    read -r degraded <"$md/degraded"
    read -r state <"$md/dev-$2/state"
    case $state in *faulty* | *spare*) echo "$1 does without it already"; return ;; esac
    for member in "$md"/dev-*; do
        read -r state <"$member/state"
        case $state:$failing in
        *in_sync*:*" ${member##*/dev-} "*) degraded=$((degraded + 1)) ;;
        *in_sync*) working=$((working + 1)) ;;
        esac
    done
    case $level:$degraded in
    raid1:*) [ "$working" -lt 2 ] || echo "$1 ($level) is still redundant" ;; # a mirror of three may have lost one
    raid4:0 | raid5:0 | raid6:[01] | raid10:0) echo "$1 ($level) is still redundant" ;;
    esac
} 2>/dev/null

# The pool's own table is a tree by indentation. Redundant is what still holds, from the disk upwards, without the disk.
zfs() {
    command -v zpool >/dev/null || { echo 'it belongs to a ZFS pool, whose state is not known'; return; }
    status=$(bounded zpool status -LP) || { echo 'it belongs to a ZFS pool, whose state is not known: zpool does not answer'; return; }
    printf '%s\n' "$status" | awk -v path="/dev/$1" -v failing="$failing" '
        NF == 0 || $1 == "errors:" { inside = 0 }
        inside {
            match($0, /^[ \t]*/)
            while (top && depth[stack[top]] >= RLENGTH) top--
            name[++n] = $1; state[n] = $2; depth[n] = RLENGTH
            up[n] = stack[top] + 0; children[up[n]]++; stack[++top] = n
            if ($1 == path && !mine) mine = n
        }
        $1 == "NAME" && $2 == "STATE" { inside = 1; top = 0 }
        END {
            if (!mine) { print "it belongs to a ZFS pool that does not show it"; exit }
            for (i = n; i > 0; i--) {
                if (i == mine) whole[i] = 0
                else if (!children[i]) whole[i] = state[i] == "ONLINE" && !index(failing, " " substr(name[i], 6) " ")
                else if (name[i] ~ /^(mirror|spare|replacing)([:-]|$)/) whole[i] = good[i] > 0
                else if (name[i] ~ /^(raidz|draid)[123]?([:-]|$)/) {
                    parity = substr(name[i], 6, 1) + 0
                    whole[i] = children[i] - good[i] <= (parity ? parity : 1)
                } else odd[i] = 1
                good[up[i]] += whole[i]
            }
            for (i = up[mine]; up[i]; i = up[i]) {
                if (whole[i]) { print "its pool is still redundant (" name[i] ")"; exit }
                if (odd[i]) { print "it belongs to " name[i] " of a ZFS pool, of which nothing is known"; exit }
            }
            if (state[i] == "" && name[i] ~ /^(cache|spares)$/) print "its pool does without it"
            else if (state[i] == "" && name[i] == "logs") print "it is a log device of a pool, which can do without it"
        }'
}

# The mailer gives up earlier: nothing is left behind.
send() {
    [ ! -x "$mailer" ] || printf '%s\n' "$2" | timeout 40 "$mailer" "$1" || say "a mail about $device could not be sent"
}

say() {
    logger -t holdfast -- "$1"
}

main
