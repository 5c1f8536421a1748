/**
 * Every directive of smartd 7.3 and 7.4 (Debian 12 and 13), with the values it takes: all tried with both. smartd is
 * case-sensitive.
 */
const byte = "0*(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])";
const attribute = `(?!0+\\D|0+$)${byte}`;
/** APM and AAM levels end at 254. */
const level = `(?!0*255$)${byte}`;
const deciseconds = "0*\\d{1,3}";
const member = "(?:\\+(?:megaraid|cciss|aacraid|sssraid|areca|3ware|hpt|jmb39x|jms56x)[^\\s+]*)?";
const format =
    "(?:raw(?:8|16|48|56|64)|hex(?:48|56|64)|raw16\\((?:raw|avg)16\\)|raw24\\(raw8\\)|raw24/raw(?:24|32)|sec2hour|min2hour|halfmin2hour|msec24hour32|tempminmax|temp10x)";
const oldFormats =
    "0*(?:9,(?:halfminutes|minutes|seconds|temp)|192,emergencyretractcyclect|193,loadunload|194,(?:10xCelsius|unknown)|19[78],increasing|198,offlinescanuncsectorct|200,writeerrorcount|201,detectedtacount|220,temp)";
/** Of `-d`. */
export const deviceTypes = `auto|ignore|removable|by-id|ata|scsi${member}|nvme(?:,(?:0x)?[0-9a-fA-F]+)?|sat(?:,auto)?(?:,(?:12|16))?${member}|usbasm1352r,[01]|usbcypress(?:,(?:0x)?[0-9a-fA-F]+)?${member}|usbjmicron(?:,p)?(?:,x)?(?:,[01])?${member}|usbprolific${member}|usbsunplus${member}|sntasmedia|sntjmicron(?:,(?:0x)?[0-9a-fA-F]+)?${member}|sntrealtek|jmb39x(?:-q)?,[0-4](?:,s\\d+)?(?:,force)?(?:\\+\\S+)?|jms56x,[0-4](?:,s\\d+)?(?:,force)?(?:\\+\\S+)?|areca,\\d+(?:/\\d+)?|3ware,\\d+|hpt,\\d+(?:/\\d+){1,2}|megaraid,\\d+|aacraid,\\d+,\\d+,\\d+|sssraid,\\d+,\\d+|cciss,\\d+`;

/** By name: a pattern of the whole value, and what to say; `undefined` for a flag. */
export const directives: ReadonlyMap<string, { readonly pattern: RegExp; readonly expected: string } | undefined> =
    new Map([
        ...["-H", "-p", "-u", "-t", "-f", "-a"].map((name) => [name, undefined] as const),
        entry("-d", deviceTypes, "a device type: auto, removable, sat, nvme, megaraid,N and so on"),
        entry("-T", "normal|permissive", "normal or permissive"),
        entry("-o", "on|off", "on or off"),
        entry("-S", "on|off", "on or off"),
        entry(
            "-n",
            "(?:never|sleep|standby|idle)(?:,0*[1-9]\\d*)?(?:,q)?",
            "never, sleep, standby or idle, with [,N][,q]",
        ),
        entry("-s", "\\S+", "a regular expression of T/MM/DD/d/HH"),
        entry(
            "-l",
            `error|selftest|xerror|offlinests(?:,ns)?|selfteststs(?:,ns)?|scterc,${deciseconds},${deciseconds}`,
            "error, selftest, xerror, offlinests, selfteststs or scterc,R,W",
        ),
        entry(
            "-e",
            `apm,(?:off|(?!0+$)${level})|aam,(?:off|${level})|standby,(?:off|${byte})|(?:lookahead|dsn|wcache),(?:on|off)|security-freeze`,
            "aam,N|off, apm,N|off, standby,N|off, lookahead,on|off, dsn,on|off, wcache,on|off or security-freeze",
        ),
        entry("-m", "\\S+", "mail addresses separated by commas"),
        entry("-M", "once|always|daily|diminishing|test|exec", "once, always, daily, diminishing, test or exec PATH"),
        entry("-r", `${attribute}!?`, "an attribute from 1 to 255"),
        entry("-R", `${attribute}!?`, "an attribute from 1 to 255"),
        entry("-i", attribute, "an attribute from 1 to 255"),
        entry("-I", attribute, "an attribute from 1 to 255"),
        entry("-C", `${byte}\\+?`, "an attribute from 0 to 255"),
        entry("-U", `${byte}\\+?`, "an attribute from 0 to 255"),
        entry("-W", `${byte}(?:,${byte}){0,2}`, "difference[,informal[,critical]] in °C, each from 0 to 255"),
        entry(
            "-v",
            `(?:N|${attribute}),${format}(?::[0-5rvwz]+)?(?:,[^\\s,]+)?|${oldFormats}`,
            "an attribute's format: ID,FORMAT[,NAME]",
        ),
        entry("-P", "use|ignore|show|showall", "use, ignore, show or showall"),
        entry(
            "-F",
            "none|nologdir|samsung[23]?|xerrorlba",
            "a firmware bug: none, nologdir, samsung, samsung2, samsung3 or xerrorlba",
        ),
        entry("-c", "(?:i|interval)=0*[1-9]\\d+", "i=SECONDS, at least 10"),
    ]);

function entry(name: string, pattern: string, expected: string) {
    return [name, { pattern: new RegExp(`^(?:${pattern})$`), expected }] as const;
}
