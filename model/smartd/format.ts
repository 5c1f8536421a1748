/** Lines of smartd.conf(5). */
export interface SmartdLine {
    /** A path, or DEVICESCAN. */
    readonly device: string;
    /** Of `-d`; without it smartd finds out. */
    readonly type?: string;
    readonly temperature: TemperatureLimits;
    /** Of `-s`. */
    readonly selfTests: string;
    readonly mailTo: string;
}

/** °C. 0 switches one off. */
export interface TemperatureLimits {
    /** A change by this much since the last report is logged. */
    readonly difference: number;
    /** Logged. */
    readonly informal: number;
    /** Mailed. */
    readonly critical: number;
}

/** Debian's way from smartd to mail: runs /etc/smartmontools/run.d, where other packages hook in too. */
const runner = "/usr/share/smartmontools/smartd-runner";

/**
 * `-a` is health, usage and error attributes, error log, self-test log, pending and uncorrectable sectors; `-i` and
 * `-I` keep the temperatures, which `-W` watches, out of the failed and out of the changed attributes. A disk in
 * standby is not woken for 15 checks.
 */
export function formatSmartdLine({
    device,
    type,
    temperature: { difference, informal, critical },
    selfTests,
    mailTo,
}: SmartdLine): string {
    const types = [...(type ? [`-d ${type}`] : []), "-d removable"];
    return [
        device,
        ...types,
        "-n standby,15,q",
        "-a",
        "-i 190 -i 194 -I 190 -I 194",
        `-W ${difference},${informal},${critical}`,
        `-s ${selfTests}`,
        `-m ${mailTo}`,
        `-M exec ${runner}`,
    ].join(" ");
}

/**
 * Every Saturday a short self-test, once a month a long one, at night. Disks of a node follow one another by an hour
 * and by a day, since long tests of all members at once cut an array's speed; nodes by the day that `seed` gives.
 */
export function selfTestSchedule(seed: string): string {
    return `(S/../../6/01:001|L/../${selfTestDay(seed)}/./02:024)`;
}

/**
 * Day of the month on which a node's first disk has its long self-test: "01" to "14", so that 14 disks fit in any
 * month.
 */
export function selfTestDay(seed: string): string {
    const day = 1 + (Array.from(seed).reduce((sum, character) => sum + character.charCodeAt(0), 0) % 14);
    return String(day).padStart(2, "0");
}
