/**
 * How long the lints take on texts that once cost the square of their length: milliseconds at two sizes. Needs no node:
 * `node --require ./toolchain/loadTypeScript.js bench/lints.ts`.
 */
import { lintContent, type FormatName } from "../model/lint/formats";

const numbered = (line: (at: number) => string) => (size: number) => {
    let text = "";
    for (let at = 0; text.length < size; at += 1) text += line(at);
    return text;
};
const inLines = (unit: string) => numbered(() => `${unit.repeat(Math.floor(16_000 / unit.length))}\n`);

const shapes: readonly (readonly [string, FormatName, (size: number) => string])[] = [
    ["chained bridges", "interfaces", numbered((at) => `iface br${at}\n\tbridge-ports br${at + 1}\n`)],
    ["stanzas of one name", "interfaces", numbered(() => "iface a\n")],
    ["misspelt options", "interfaces", numbered((at) => (at === 0 ? "iface a\n" : "a b\n"))],
    ["braces, in long lines", "interfaces", inLines("{{")],
    ["colons, in long lines", "hosts", inLines(":")],
    ["names", "hosts", numbered((at) => `192.0.2.1 name${at}\n`)],
    ["mounts", "fstab", numbered((at) => `UUID=0-${at} /srv/${at} ext4 defaults 0 2\n`)],
    ["disks", "smartd", numbered((at) => `/dev/disk/by-id/${at} -a\n`)],
];

const sizes = [1 << 18, 1 << 19];
console.log(`| | ${sizes.map((size) => `${size >> 10} KiB`).join(" | ")} |\n|---|${"---:|".repeat(sizes.length)}`);
for (const [title, format, make] of shapes) {
    const cells = sizes.map((size) => {
        const text = make(size);
        const start = performance.now();
        lintContent(format, text);
        return Math.round(performance.now() - start).toLocaleString("en");
    });
    console.log(`| ${title} | ${cells.join(" | ")} |`);
}
