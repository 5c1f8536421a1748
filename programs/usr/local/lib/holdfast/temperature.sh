#!/bin/sh
# Managed by Holdfast. The temperature watchdog: reads the sensors that can be trusted, mails at the warning limit and when
# it clears, and at the critical limit schedules a shutdown, which it cancels when the machine cools.
#
#   temperature                    one run, as the timer starts it
#   temperature --rehearse FOLDER  the same with readings from FOLDER (class/hwmon and class/thermal as in /sys, or
#                                  sensors.json as `sensors -j` prints it; or one such folder for each sample: 1, 2, …).
#                                  Prints what it would do; what it would remember is kept in FOLDER/state.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # cron and smartd leave them out
export PATH LC_ALL=C
WARNING=75 CRITICAL=90 ACTION=alert IGNORE=
conf=${HOLDFAST_TEMPERATURE_CONF:-/etc/holdfast/temperature.conf}
[ ! -r "$conf" ] || . "$conf"

samples=5     # of which a reading needs three that are plausible
pause=2       # seconds between them
delay=6       # minutes: one run of the timer comes before it is over
run=/run/holdfast/temperature keep=/var/lib/holdfast metrics=/var/lib/prometheus/node-exporter
scheduled=/run/systemd/shutdown/scheduled
rehearsal=
if [ "${1-}" = --rehearse ]; then
    rehearsal=${2:?a folder with readings is needed}
    run=$rehearsal/state keep=$rehearsal/state metrics=$rehearsal/state scheduled=$rehearsal/state/shutdown pause=0
fi
levels=$run/levels             # `level TAB sensor` of each that is not normal, 1 warning, 2 critical
known=$keep/temperature.sensors # `sensor TAB age`: runs without it; below 0, runs until a new one counts as known
owed=$run/owed                 # why a shutdown that is due was not scheduled; the next run tries again

# At worst 22 seconds of reading, 5 for shutdown and 30 for the mail: less than the unit's TimeoutStartSec.
main() {
    umask 077 # whoever can open the lock can hold it, and nobody would watch
    mkdir -p "$run" "$keep" 2>/dev/null
    if (: >>"$run/lock") 2>/dev/null; then # on a read-only /run it watches without
        exec 9>>"$run/lock"
        flock -n 9 || { say 'temperature: the run before this one has not ended: nothing was read'; exit 0; }
    fi
    umask 022 # the exporter reads the metrics as another user
    taken='' source=sensors
    sample 1
    evaluate 1
    # Only what looks wrong is worth a second look: the clock of a processor boosts it over any limit for a moment.
    if [ "$level" = warning ] || [ "$level" = critical ] || [ -n "$implausible" ]; then
        number=2
        while [ "$number" -le "$samples" ]; do
            [ "$pause" = 0 ] || sleep "$pause"
            sample "$number"
            number=$((number + 1))
        done
        evaluate "$samples"
    fi
    say "temperature: $level; ${summary:-nothing read}${implausible:+; implausible and ignored: $implausible}${hung:+; no answer from: $hung}${silent:+; missing: $silent}"
    [ "$used" != 0 ] || say "temperature: no trustworthy sensor on this machine: it is not watched${ignored:+; the stack ignores $ignored}"
    act
    remember
    write_metrics
    report
}

# Adds lines `number, chip, driver, label, reading, max, crit, input`, separated by tabs, in thousandths of a degree, to what
# was taken. The first sample decides who is asked: the two know a sensor under different names.
sample() {
    from=/sys patience=3
    [ "$1" = 1 ] || patience=2
    if [ -n "$rehearsal" ]; then
        from=$rehearsal
        for folder in 1 2 3 4 5; do [ "$folder" -gt "$1" ] || [ ! -d "$rehearsal/$folder" ] || from=$rehearsal/$folder; done
    fi
    # libsensors knows the corrections of /etc/sensors.d; without it the kernel's own files serve.
    corrected=
    [ "$source" = files ] || corrected=$(read_sensors | parse_sensors "$1")
    [ "$1" != 1 ] || [ -n "$corrected" ] || source=files
    taken="$taken$corrected
$(read_files | sort -V | parse_files "$1")
"
}

read_sensors() {
    if [ -n "$rehearsal" ]; then
        [ ! -r "$from/sensors.json" ] || timeout "$patience" cat "$from/sensors.json"
    elif command -v sensors >/dev/null; then
        timeout "$patience" sensors -j 2>/dev/null 9>&-
    fi
}

parse_sensors() {
    awk -v number="$1" '
        function milli(text) { sub(/.*: */, "", text); sub(/,.*/, "", text); return sprintf("%.0f", text * 1000) }
        /^ ? ? ?"[^"]+" *: *[{]/ { chip = $0; sub(/^ *"/, "", chip); sub(/".*/, "", chip); next }
        /^      "[^"]+" *: *[{]/ { label = $0; sub(/^ *"/, "", label); sub(/".*/, "", label); value = max = crit = ""; next }
        /"temp[0-9]+_input"/ { value = milli($0); input = $0; sub(/^ *"temp/, "", input); sub(/_.*/, "", input) }
        /"temp[0-9]+_max"/ { max = milli($0) }
        /"temp[0-9]+_crit"/ { crit = milli($0) }
        /}/ && value != "" { driver = chip; sub(/-.*/, "", driver); print number "\t" chip "\t" driver "\t" label "\t" value "\t" max "\t" crit "\t" input; value = "" }'
}

# Lines `path:content`. Each chip is read by itself and all at once: one that hangs costs no other its reading.
read_files() {
    cd "$from" || return
    [ "$source" = sensors ] || set -- class/hwmon/hwmon*
    for chip in "$@" class/thermal/thermal_zone*; do
        # hwmonN changes between boots, the device behind it does not.
        case $chip in class/hwmon/*) device=$(cd -P "$chip/device" 2>/dev/null && pwd) && echo "$chip/device:${device##*/}" ;; esac
        {
            timeout "$patience" grep -Hsa --line-buffered '' "$chip/name" "$chip/type" "$chip/temp" "$chip"/temp*_input "$chip"/temp*_label "$chip"/temp*_max "$chip"/temp*_crit
            [ $? != 124 ] || echo "$chip/hung:"
        } 9>&- &
    done
    wait
}

parse_files() {
    awk -v number="$1" '
        function of(chip, file) { return (chip, file) in content ? content[chip, file] : "" }
        { path = $0; sub(/:.*/, "", path); split(path, part, "/"); value = substr($0, length(path) + 2); gsub(/[[:cntrl:]]/, " ", value) }
        { content[part[3], part[4]] = value }
        part[4] ~ /^temp([0-9]+_input)?$/ { chips[++total] = part[3]; inputs[total] = part[4] }
        part[4] == "hung" { print "hung\t" part[3] }
        END {
            for (i = 1; i <= total; i++) {
                chip = chips[i]; value = of(chip, inputs[i])
                if (inputs[i] == "temp") {
                    input = chip; sub(/^thermal_zone/, "", input); type = of(chip, "type")
                    print number "\t" type "\t" type "\tzone\t" value "\t\t\t" input
                } else if ((driver = of(chip, "name")) != "") {
                    name = inputs[i]; sub(/_input$/, "", name); input = substr(name, 5); device = of(chip, "device"); label = of(chip, name "_label")
                    print number "\t" driver (device == "" ? "" : "-" device) "\t" driver "\t" (label == "" ? name : label) "\t" value "\t" of(chip, name "_max") "\t" of(chip, name "_crit") "\t" input
                }
            }
        }'
}

# From all samples taken so far, and what the runs before have left: the machine's level, and new ones of each sensor; what is
# to be said; alarm where a sensor has just become critical.
evaluate() {
    eval "$(printf '%s' "$taken" | IGNORE=$IGNORE awk -F '\t' -v count="$1" -v warning="$WARNING" -v critical="$CRITICAL" -v levels="$levels" -v known="$known" '
        function listed(key, chip, driver, label) { return key in unwanted || chip in unwanted || driver in unwanted || (driver "/" label) in unwanted }
        function own(value) { return value ~ /^[0-9]+$/ && value >= 30000 && value <= 120000 }
        function shell(text) { gsub(quote, quote "\\" quote quote, text); return quote text quote }
        function join(list, separator, item) { return list (list == "" ? "" : separator) item }
        BEGIN {
            quote = sprintf("%c", 39)
            for (i = split(ENVIRON["IGNORE"], names, ";"); i > 0; i--) unwanted[names[i]] = 1
            while ((getline line < levels) > 0) past[substr(line, 3)] = substr(line, 1, 1) + 0
            while ((getline line < known) > 0) { split(line, field, "\t"); roll[++rolled] = field[1]; age[field[1]] = field[2] + 0 }
        }
        $1 == "hung" { if (!($2 in asked)) hung = join(hung, ", ", $2); asked[$2] = 1; next }
        $5 !~ /^-?[0-9]+$/ { next }
        {
            # Which sensors say something about the heat of the machine, by driver and label. Unconnected inputs of a board
            # controller, chip sets, graphics cards and network cards do not.
            use = ""
            if ($3 == "acpitz" || $4 ~ /^(CPU|PECI)/) use = "fallback"
            if ($3 == "drivetemp" || ($3 == "nvme" && ($4 == "Composite" || $4 == "temp1"))) use = "drive"
            if ($3 ~ /^(coretemp|k10temp|k8temp|zenpower|via_cputemp|x86_pkg_temp|TCPU|cpu.*thermal|soc.*thermal)$/) use = "processor"
            if (use == "") next
            key = $2 "/" $4
            if (($1, key) in met) key = key " " $8 # two of one name
            met[$1, key] = 1
            if (listed($2 "/" $4, $2, $3, $4) || key in unwanted) { if (!(key in left)) ignored = join(ignored, ", ", key); left[key] = 1; next }
            if (!(key in kind)) order[++total] = key
            kind[key] = use; chip[key] = $2; label[key] = $4
        }
        # Silicon ends at 125 degrees; 127, 255, 511, -128 and 0 are what a register says that measures nothing.
        $5 < 1000 || $5 > 125000 { odd[key] = join(odd[key], ", ", sprintf("%.0f", $5 / 1000)); next }
        !(($1, key) in reading) { plausible[key]++; reading[$1, key] = $5; max[key] = $6; crit[key] = $7 }
        $5 > reading[$1, key] { reading[$1, key] = $5 }
        END {
            need = count < 3 ? 1 : 3
            for (i = 1; i <= total; i++) if (plausible[order[i]] >= need) { present[order[i]] = 1; if (kind[order[i]] == "processor") processors++ }
            for (i = 1; i <= total; i++) {
                key = order[i]
                if (label[key] == "Tctl" && (chip[key] "/Tdie") in kind) continue # Tctl may have an offset for the fan
                if (key in odd) implausible = join(implausible, ", ", key " " odd[key])
                if (!(key in present) || (kind[key] == "fallback" && processors > 0)) continue
                low = 999000
                for (n = 1; n <= count; n++) if ((n, key) in reading && reading[n, key] < low) low = reading[n, key]
                warn = warning * 1000; stop = critical * 1000
                if (kind[key] == "drive") { # its own limits; else 60 degrees, and no shutdown
                    warn = own(max[key]) ? max[key] : 60000; stop = own(crit[key]) ? crit[key] : 999000
                    if (warn >= stop) warn = stop - 5000
                }
                if (kind[key] == "fallback") stop = 999000 # good enough for a mail, not for a shutdown
                was = key in past ? past[key] : 0
                now = low >= stop ? 2 : low >= warn ? 1 : 0
                held = low > stop - 5000 ? 2 : low > warn - 5000 ? 1 : 0 # it clears 5 degrees below
                if (held > was) held = was
                if (held > now) now = held
                state = key " at " sprintf("%.0f", low / 1000) " C, limits " warn / 1000 " and " (stop > 900000 ? "none" : stop / 1000)
                if (now == 2 && was < 2) alarms = alarms "temperature critical: " state "\n"
                else if (now == 1 && was == 0) warnings = warnings "temperature warning: " state "\n"
                else if (now < 2 && was == 2) cooled = cooled "temperature below critical again: " state "\n"
                else if (now == 0 && was == 1) cooled = cooled "temperature back to normal: " state "\n"
                if (now * 2 + (now > was) > worst || hottest == "") { worst = now * 2 + (now > was); hottest = state }
                if (now > 0) stored = stored now "\t" key "\n"
                if (now > level) level = now
                summary = join(summary, ", ", key " " sprintf("%.0f", low / 1000) " °C")
                readings = readings "  " key " " sprintf("%.0f", low / 1000) " °C\n"; used++
                name = key; gsub(/\\/, "&&", name); gsub(/"/, "\\\"", name)
                lines = lines "holdfast_temperature_celsius{sensor=\"" name "\"} " low / 1000 "\n"
            }
            # One failed look is no loss, and one look is no sensor: both take three runs in a row.
            for (i = 1; i <= rolled; i++) {
                key = roll[i]; split(key, part, "/"); driver = part[1]; sub(/-.*/, "", driver)
                if (key in left || listed(key, part[1], driver, substr(key, length(part[1]) + 2))) { gone[key] = 1; continue }
                if (key in present) roster = roster key "\t" (age[key] < 0 ? age[key] + 1 : 0) "\n"
                else if (age[key] < 0) gone[key] = 1
                else {
                    silent = join(silent, ", ", key)
                    if (age[key] < 2) roster = roster key "\t" age[key] + 1 "\n"
                    else { gone[key] = 1; missing = join(missing, ", ", key) }
                }
            }
            for (i = 1; i <= total; i++) if (order[i] in present && !(order[i] in age)) roster = roster order[i] "\t" (rolled > 0 ? -2 : 0) "\n"
            # Silence is no proof of cooling.
            for (key in past) if (!(key in present) && !(key in gone) && !(key in left)) {
                stored = stored past[key] "\t" key "\n"
                if (past[key] > level) level = past[key]
                if (hottest == "") hottest = key " is silent"
            }
            events = alarms warnings cooled (missing == "" ? "" : "temperature sensor missing: " missing "\n")
            state = level == 2 ? "critical" : level == 1 ? "warning" : used == 0 ? "blind" : "ok"
            print "level=" state "; used=" used + 0 "; alarm=" shell(alarms) "; events=" shell(events) "; hottest=" shell(hottest) "; summary=" shell(summary) "; readings=" shell(readings)
            print "implausible=" shell(implausible) "; hung=" shell(hung) "; silent=" shell(silent) "; ignored=" shell(ignored) "; stored=" shell(stored) "; roster=" shell(roster) "; lines=" shell(lines)
        }')"
}

# Before anything is mailed: a mail may take its time.
act() {
    outcome=
    if [ "$level" = critical ] && [ "$ACTION" = shutdown ]; then
        if [ -n "$alarm" ] || [ -e "$owed" ]; then power_off; fi
        return
    fi
    rm -f "$owed" 2>/dev/null
    case $level:$silent in blind:?*) ;; *) ! is_ours || cancel ;; esac
}

power_off() {
    said=$(cat "$owed" 2>/dev/null)
    due=
    if is_ours; then
        outcome='the shutdown is scheduled already'
    elif find_other && [ "$left" -gt -60 ] && [ "$left" -le $((delay * 60)) ]; then
        outcome="left to $other" due=1
    elif order "schedule a shutdown in $delay minutes" shutdown -h "+$delay" "$mark: critical: $hottest. Cancel with: shutdown -c" && is_ours; then
        outcome="shutting down in $delay minutes${other:+ instead of $other}"
    else
        outcome="but no shutdown could be scheduled${complaint:+: $complaint}" due=1
    fi
    if [ -z "$due" ]; then rm -f "$owed" 2>/dev/null; else store "$owed" "$outcome"; fi
    # A second try is news where it ends otherwise.
    [ -n "$alarm" ] || [ "$outcome" = "$said" ] || events="temperature critical: $hottest
$events"
}

cancel() {
    order 'cancel the shutdown' shutdown -c || outcome="but the shutdown could not be cancelled${complaint:+: $complaint}"
    [ -n "$events" ] || events="temperature below critical again: $hottest
"
}

# There is one scheduled shutdown for all: of the watchdog, of a failing disk, or of an admin. Its message tells whose it is; a
# word without blanks, which systemd may write as \x20.
mark=holdfast-temperature
is_ours() {
    [ -r "$scheduled" ] && grep -q "^WALL_MESSAGE=$mark:" "$scheduled"
}

# Says of somebody else's what and when, and how many seconds are left.
find_other() {
    mode='' usec='' other=''
    [ -r "$scheduled" ] || return 1
    while IFS='=' read -r field value; do case $field in MODE) mode=$value ;; USEC) usec=$value ;; esac; done <"$scheduled"
    case $mode in poweroff | halt | reboot | kexec) ;; *) return 1 ;; esac
    case $usec in '' | *[!0-9]*) return 1 ;; esac
    left=$((usec / 1000000 - $(date +%s)))
    other="the $mode at $(date -d "@$((usec / 1000000))" +%H:%M) that somebody else has scheduled"
}

remember() {
    unstored=
    store "$levels" "$stored" || unstored="$levels"
    store "$run/level" "$level
" || unstored="$unstored $run/level"
    store "$known" "$roster" || unstored="$unstored $known"
    [ -z "$unstored" ] || say "temperature: state cannot be stored: $unstored: what is mailed now may be mailed again"
}

store() {
    { printf '%s' "$2" >"$1.new" && mv -T "$1.new" "$1"; } 2>/dev/null
}

write_metrics() {
    [ -d "$metrics" ] || return 0
    case $level in ok | blind) number=0 ;; warning) number=1 ;; *) number=2 ;; esac
    {
        printf '# HELP holdfast_temperature_celsius What the watchdog read, in °C; for the lowest of its samples.\n# TYPE holdfast_temperature_celsius gauge\n%s' "$lines"
        printf '# HELP holdfast_temperature_level 0 normal, 1 warning, 2 critical.\n# TYPE holdfast_temperature_level gauge\nholdfast_temperature_level %s\n' "$number"
        printf '# HELP holdfast_temperature_sensors How many sensors are watched.\n# TYPE holdfast_temperature_sensors gauge\nholdfast_temperature_sensors %s\n' "$used"
        printf '# HELP holdfast_temperature_run_seconds When the watchdog last ran, in seconds since 1970.\n# TYPE holdfast_temperature_run_seconds gauge\nholdfast_temperature_run_seconds %s\n' "$(date +%s)"
    } >"$metrics/holdfast_temperature.prom.$$" && chmod 0644 "$metrics/holdfast_temperature.prom.$$" && mv "$metrics/holdfast_temperature.prom.$$" "$metrics/holdfast_temperature.prom"
}

# One mail for all that is new, so that a dead relay is waited for once.
report() {
    [ -n "$events" ] || return 0
    events=${events%
}
    first=${events%%
*}
    rest=${events#"$first"}
    first="$first${outcome:+, $outcome}"
    subject="$first${rest:+ (and more)}"
    printf '%s\n' "$first$rest" | while IFS= read -r event; do say "$event"; done
    if [ -n "$rehearsal" ]; then
        echo "would mail: $subject"
    elif [ -x /usr/local/lib/holdfast/mail ]; then
        printf '%s\n\nReadings:\n%s\nImplausible: %s\n%sLog: journalctl -t holdfast\n' "$first$rest" "$readings" "${implausible:-none}" "${unstored:+State cannot be stored, so this may be mailed again: $unstored
}" | timeout -k 2 30 /usr/local/lib/holdfast/mail "$subject" 9>&- || say "that mail could not be sent"
    fi
}

# Does it, or says what it would do. The command's words are its complaint.
order() {
    what=$1 complaint=
    shift
    if [ -n "$rehearsal" ]; then
        echo "would $what"
        case $what in schedule*) echo "WALL_MESSAGE=$mark:" >"$scheduled" ;; *) rm -f "$scheduled" ;; esac
    else
        say "$what"
        complaint=$(timeout 5 "$@" 2>&1 9>&-)
    fi
}

say() {
    if [ -n "$rehearsal" ] || [ -n "${JOURNAL_STREAM-}" ]; then echo "$1"; else logger -t holdfast -- "$1"; fi
}

main
