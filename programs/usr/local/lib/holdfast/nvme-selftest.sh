#!/bin/sh
# Managed by Holdfast. usage: nvme-selftest short|long
# smartd before 7.5 starts no self-tests of NVMe drives. One drive after the other: several at once slow an array down.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # cron and smartd leave them out
export LC_ALL=C
case ${1-} in short) code=1 limit=30 ;; long) code=2 limit=360 ;; *) echo 'usage: nvme-selftest short|long' >&2; exit 2 ;; esac

# nvme-cli prints `0`, `0x7` or `7`, by version; awk would take 0x7 for 0.
field() { nvme self-test-log "$1" | awk -F : -v name="$2" 'index($1, name) { split($2, word, " "); print word[1]; exit }'; }
running() { operation=$(field "$1" 'Current operation') && [ $((${operation:-0})) != 0 ]; }

for drive in /dev/nvme[0-9] /dev/nvme[0-9][0-9]; do
    [ -c "$drive" ] || continue
    oacs=$(nvme id-ctrl "$drive" | awk '$1 == "oacs" { print $3 }')
    if [ $((${oacs:-0} & 16)) = 0 ]; then
        echo "$drive has no self-test"
        continue
    fi
    nvme device-self-test "$drive" --namespace-id=0xffffffff --self-test-code="$code" || continue
    minutes=0
    sleep 5
    while running "$drive" && [ "$minutes" -lt "$limit" ]; do
        sleep 60
        minutes=$((minutes + 1))
    done
    result=$(field "$drive" 'Operation Result')
    result=$((${result:-15}))
    # Of the NVMe specification's results (Get Log Page 06h) 5 to 7 are failures; 1 to 4, 8 and 9 were aborted, 15 was never used.
    echo "$drive: $1 self-test, result $result"
    case $result in [567])
        [ ! -x /usr/local/lib/holdfast/mail ] || nvme self-test-log "$drive" | timeout 30 /usr/local/lib/holdfast/mail "self-test of $drive failed"
        ;;
    esac
done
