/** Every directive of smartd 7.3 and 7.4 (Debian 12 and 13), as `smartd -D` prints them, with the values it takes. */
const attribute = "(?:[1-9]|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])";
const deviceTypes =
    "auto|ignore|removable|by-id|ata|scsi(?:\\+\\S+)?|nvme(?:,(?:0x)?[0-9a-f]+)?|sat(?:,auto)?(?:,\\d+)?(?:\\+\\S+)?|usbasm1352r,\\d+|usbcypress(?:,(?:0x)?[0-9a-f]+)?|usbjmicron(?:,p)?(?:,x)?(?:,\\d+)?|usbprolific|usbsunplus|sntasmedia|sntjmicron(?:,\\d+)?|sntrealtek|jmb39x(?:-q)?\\d*,\\d+(?:,s\\d+)?(?:,force)?(?:\\+\\S+)?|jms56x,\\d+(?:,s\\d+)?(?:,force)?(?:\\+\\S+)?|areca,\\d+(?:/\\d+)?|3ware,\\d+|hpt,\\d+(?:/\\d+){1,2}|megaraid,\\d+|aacraid,\\d+,\\d+,\\d+|sssraid,\\d+,\\d+|cciss,\\d+";

/** By name: a pattern of the whole value, and what to say; `undefined` for a flag. */
export const directives: ReadonlyMap<string, { readonly pattern: RegExp; readonly expected: string } | undefined> = new Map([
    ...["-H", "-p", "-u", "-t", "-f", "-a"].map((name) => [name, undefined] as const),
    entry("-d", deviceTypes, "a device type: auto, removable, sat, nvme, megaraid,N and so on"),
    entry("-T", "normal|permissive", "normal or permissive"),
    entry("-o", "on|off", "on or off"),
    entry("-S", "on|off", "on or off"),
    entry("-n", "never|(?:sleep|standby|idle)(?:,\\d+)?(?:,q)?", "never, sleep, standby or idle, with [,N][,q]"),
    entry("-s", "\\S+", "a regular expression of T/MM/DD/d/HH"),
    entry("-l", "error|selftest|xerror|offlinests(?:,ns)?|selfteststs(?:,ns)?|scterc,\\d+,\\d+", "error, selftest, xerror, offlinests, selfteststs or scterc,R,W"),
    entry("-e", "(?:aam|apm|dsn|lookahead|security-freeze|standby|wcache)(?:,(?:on|off|\\d+))?", "a device setting such as apm,off"),
    entry("-m", "\\S+", "mail addresses separated by commas"),
    entry("-M", "once|always|daily|diminishing|test|exec", "once, always, daily, diminishing, test or exec PATH"),
    entry("-r", `${attribute}!?`, "an attribute from 1 to 255"),
    entry("-R", `${attribute}!?`, "an attribute from 1 to 255"),
    entry("-i", attribute, "an attribute from 1 to 255"),
    entry("-I", attribute, "an attribute from 1 to 255"),
    entry("-C", `(?:0|${attribute})\\+?`, "an attribute from 0 to 255"),
    entry("-U", `(?:0|${attribute})\\+?`, "an attribute from 0 to 255"),
    entry("-W", "\\d{1,3}(?:,\\d{1,3}){0,2}", "difference[,informal[,critical]] in °C"),
    entry("-v", "\\S+", "an attribute's format: ID,FORMAT[,NAME]"),
    entry("-P", "use|ignore|show|showall", "use, ignore, show or showall"),
    entry("-F", "none|nologdir|samsung[23]?|xerrorlba|swapid", "a firmware bug: nologdir, samsung, xerrorlba or none"),
    entry("-c", "i=\\d+|interval=\\d+", "i=SECONDS"),
]);

function entry(name: string, pattern: string, expected: string) {
    return [name, { pattern: new RegExp(`^(?:${pattern})$`, "i"), expected }] as const;
}
