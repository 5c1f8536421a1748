/** What could stop the node's next boot or take it off the network, each with file and line. */
import type { Finding } from "../../model/lint/finding";
import { lintContent } from "../../model/lint/formats";
import type { LintContext } from "../../model/lint/lintContext";
import { cloudInitHazards } from "./hazards/cloudInit";
import { commentedMounts } from "./hazards/commentedMounts";
import { deviceNames } from "./hazards/deviceNames";
import { missingDevices } from "./hazards/missingDevices";
import { pendingInterfaces } from "./hazards/pendingInterfaces";
import { keysInPmxcfs } from "./hazards/keysInPmxcfs";
import { maskedCluster } from "./hazards/maskedCluster";
import { unpinnedNames } from "./hazards/unpinnedNames";
import type { Hazard, KeptFile } from "./hazard";
import { keepFile, type KeptFormat } from "./keptFiles";
import type { Survey } from "./survey";

const targets: readonly (readonly [KeptFormat, string])[] = [
    ["hosts", "/etc/hosts"],
    ["fstab", "/etc/fstab"],
    ["interfaces", "/etc/network/interfaces"],
];

/**
 * The files of the node that the stack takes over, and why one of them cannot be. @throws Error for a hosts file that
 * would be lost
 */
export function takeOver(survey: Survey, context: LintContext): { files: KeptFile[]; refused: Hazard[] } {
    const files: KeptFile[] = [];
    const refused: Hazard[] = [];
    for (const [format, target] of targets) {
        const seen = survey.files[target];
        // The others are managed only where declared; this one always is.
        const isLost =
            format === "hosts" &&
            seen !== undefined &&
            seen.kind !== "absent" &&
            (seen.content === undefined || seen.binary);
        if (isLost)
            throw new Error(
                `${survey.name}: /etc/hosts is ${seen.binary ? "not UTF-8 text" : `${seen.kind}${seen.detail ? ` (${seen.detail})` : ""}`}. The first \`up\` would replace it by one without its other lines. Make it a plain UTF-8 file (iconv -f latin1 -t utf8), then adopt again`,
            );
        const refuse = (message: string) =>
            refused.push({ rule: "not-taken-over", severity: "warning", file: target, line: 1, column: 1, message });
        if (!seen || seen.kind === "absent") refuse(`There is no such file, so ${format} is not in the stack config.`);
        else if (seen.content === undefined)
            refuse(
                `It is ${seen.kind === "unreadable" ? (seen.detail ?? "unreadable") : `a ${seen.kind}${seen.detail ? ` to ${seen.detail}` : ""}`}, so it is not taken over. Make it a plain file, then adopt again.`,
            );
        else if (seen.binary)
            refuse("It is not UTF-8 text, so it is not taken over. Remove the odd bytes, then adopt again.");
        // An empty fstab is right on some nodes (ZFS, containers): there is nothing to keep, and nothing to repair.
        else if (format !== "hosts" && !/^\s*[^\s#]/m.test(seen.content))
            refuse(`It holds no entry, so ${format} is not in the stack config.`);
        else files.push({ format, target, live: seen.content, content: keepFile(format, seen.content, context) });
    }
    return { files, refused };
}

/** In the order of the files, errors and warnings only: what could not be checked is nothing to act on. */
export function findHazards(survey: Survey, context: LintContext, kept: readonly KeptFile[]): Hazard[] {
    const fstab = kept.filter(({ format }) => format === "fstab");
    const shifted = fstab.flatMap((file) => missingDevices(file, survey));
    // One word on a device name is enough, and a shifted one has more to say.
    const inFiles = kept
        .flatMap((file) => lintKept(file, context))
        .filter(
            ({ rule, file, line }) =>
                rule !== "device-name" || !shifted.some((hazard) => hazard.file === file && hazard.line === line),
        );
    const others = [
        ...shifted,
        ...fstab.flatMap((file) => commentedMounts(file, survey)),
        ...maskedCluster(survey),
        ...keysInPmxcfs(survey),
        ...unpinnedNames(survey),
        ...pendingInterfaces(survey),
        ...cloudInitHazards(survey, kept),
        ...deviceNames(survey),
        ...inSourced(survey, context),
    ];
    const order = kept.map(({ target }) => target);
    const rank = ({ file }: Hazard) => (order.includes(file) ? order.indexOf(file) : order.length);
    return [...inFiles, ...others].sort(
        (a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
    );
}

function lintKept({ format, target, live, content }: KeptFile, context: LintContext): Hazard[] {
    const left = new Set(lintContent(format, content, context).map(identity));
    return lintContent(format, live, context)
        .filter(({ severity }) => severity !== "not checked")
        .map((finding) => ({ ...finding, file: target, repaired: !left.has(identity(finding)) }));
}

/**
 * Files that /etc/network/interfaces reads besides itself are never owned, so whatever is wrong there is for a human.
 */
function inSourced({ sourced }: Survey, context: LintContext): Hazard[] {
    return Object.entries(sourced).flatMap(([file, content]) =>
        lintContent("interfaces.d", content, context)
            .filter(({ severity }) => severity !== "not checked")
            .map((finding) => ({ ...finding, file })),
    );
}

/** Line numbers shift with a line that is left out. */
function identity({ rule, message }: Finding): string {
    return `${rule} ${message}`;
}
