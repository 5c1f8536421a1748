/** The report page of a fleet where everything is wrong, opened in a real browser. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { summarize, type NodeDrift } from "../cli/drift/report";
import { renderPage } from "../cli/report/page";

const executablePath = "/usr/bin/chromium";

/**
 * `bytes` of the page, and `seconds` from the address to its load event, the best of three; undefined without Chromium.
 */
export async function timePage(nodes: number): Promise<{ bytes: number; seconds: number } | undefined> {
    if (!existsSync(executablePath)) return undefined;
    const folder = await mkdtemp(join(tmpdir(), "holdfast-page-"));
    const browser = await chromium.launch({
        executablePath,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
    try {
        const file = join(folder, "report.html");
        const text = renderPage(
            summarize(
                [
                    {
                        name: "prod",
                        status: "drift",
                        nodes: Array.from({ length: nodes }, (_, index) => brokenNode(`pve${index}`)),
                    },
                ],
                new Date(0),
            ),
        );
        await writeFile(file, text);
        const times: number[] = [];
        for (let run = 0; run < 3; run++) {
            const page = await browser.newPage();
            const started = process.hrtime.bigint();
            await page.goto(`file://${file}`);
            times.push(Number(process.hrtime.bigint() - started) / 1e9);
            await page.close();
        }
        return { bytes: Buffer.byteLength(text), seconds: Math.min(...times) };
    } finally {
        await browser.close();
        await rm(folder, { recursive: true, force: true });
    }
}

function brokenNode(name: string): NodeDrift {
    const concerns = ["hosts", "fstab", "interfaces", "smartd", "temperature", "ipmievd", "mail", "node-exporter"].map(
        (concern) => ({
            name: concern,
            status: "drift" as const,
            facts: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`fact ${index}`, "absent"])),
            hazards: Array.from({ length: 30 }, (_, line) => ({
                file: "/etc/network/interfaces",
                line,
                severity: "error" as const,
                rule: "stray-line",
                message: "This is output of `ip link`, not configuration. Delete the line.",
            })),
        }),
    );
    const changes = concerns.map(({ name: concern }) => ({
        concern,
        kind: "file" as const,
        subject: `/etc/${concern}`,
        summary: "500 lines added, 0 removed",
        diff: Array.from({ length: 500 }, (_, line) => `+line ${line}`).join("\n"),
    }));
    return { name, status: "drift", concerns, changes };
}
