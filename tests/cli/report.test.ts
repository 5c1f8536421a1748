import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { summarize, type Change, type DriftReport, type NodeDrift } from "../../cli/drift/report";
import { nextSteps } from "../../cli/report/nextSteps";
import { renderCharts } from "../../cli/report/charts";
import { evenShare, renderPage, type ChartsOrReason } from "../../cli/report/page";
import { chartsOfADay } from "../helpers/chartsOfADay";
import { refuseKey, type KnownKeys } from "../../host/hostKeys";
import type { SshTarget } from "../../host/sshTarget";

jest.setTimeout(60_000);

const checkedAt = new Date("2026-01-02T03:04:05Z");
const change: Change = {
    concern: "interfaces",
    kind: "file",
    subject: "/etc/network/interfaces",
    summary: "1 line added, 0 removed",
    modified: "2026-01-01T10:00:00.000Z",
    diff: "@@ -1,2 +1,3 @@\n auto lo\n iface lo inet loopback\n-# kept\n+27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master ovs-system state UP group default qlen 1000",
};

function node(name: string, parts: Partial<NodeDrift> = {}): NodeDrift {
    const concerns = ["hosts", "fstab", "interfaces"].map((concern) => ({
        name: concern,
        status: parts.status ?? ("clean" as const),
        facts: { [`resolves ${name}`]: "192.0.2.11" },
        hazards: [],
    }));
    return { name, status: "clean", concerns, changes: [], ...parts };
}

test("the age of each node's backup, and of its last restore on trial, by whichever node did that", () => {
    const having = (name: string, facts: Record<string, string>) =>
        node(name, { concerns: [{ name: "config-backup", status: "clean", facts, hazards: [] }] });
    const nodes = [
        having("pve01", {
            "last good backup": "2026-01-01T02:03:05Z",
            "last good restores on trial": "pve02 2025-12-30T04:00:00Z, pve03 never",
        }),
        having("pve02", { "last good backup": "never", "last good restores on trial": "pve01 2026-02-01T00:00:00Z" }),
        having("pve03", { "last good backup": "unknown: it hangs" }),
        node("pve04"),
    ];
    const page = renderPage(summarize([{ name: "prod", status: "clean", nodes }], checkedAt));
    const rows = [...page.matchAll(/<tr><th scope="row">.*?<\/tr>/g)].map(([row]) =>
        [...row.matchAll(/<td(?: title="[^"]*")?>([^<]*)<\/td>/g)].map(([, text]) => text),
    );
    expect(rows).toEqual([["25 h", "in the future"], ["never", "2 d"], ["unknown: it hangs", "never"], []]);
    expect(page).toContain('<th scope="col">last backup</th><th scope="col">last restore on trial</th>');
    expect(renderPage(summarize([{ name: "prod", status: "clean", nodes: [node("pve04")] }], checkedAt))).not.toContain(
        "last backup",
    );
});

const hazard = {
    file: "/etc/network/interfaces",
    line: 3,
    severity: "error" as const,
    rule: "stray-line",
    message: "This is output of `ip link`, not configuration. Delete the line.",
};
const drifted = node("pve01", {
    status: "drift",
    changes: [
        change,
        { concern: "smartd", kind: "unit", subject: "smartd.service", summary: "stopped, expected running" },
    ],
    concerns: [
        { name: "hosts", status: "clean", facts: {}, hazards: [] },
        {
            name: "interfaces",
            status: "drift",
            facts: { "interfaces running": "pending activation" },
            hazards: [hazard],
        },
    ],
});
const mixed = summarize(
    [
        {
            name: "prod",
            status: "unknown",
            nodes: [
                drifted,
                node("pve02"),
                node("pve03", { status: "unreachable", reason: "pve03: root@192.0.2.13 port 22 refuses connections" }),
                node("pve04", { status: "skipped", reason: "under maintenance, not contacted" }),
                node("pve05", { status: "drift" }),
            ],
        },
    ],
    checkedAt,
);
const clean = summarize([{ name: "prod", status: "clean", nodes: [node("pve01")] }], checkedAt);

/** Every node differs, each in a diff of 500 lines. */
function hundredNodes(): DriftReport {
    const diff = `@@ -1 +1,500 @@\n${Array.from({ length: 500 }, (_, line) => `+line ${line} ${"x".repeat(80)}`).join("\n")}`;
    const nodes = Array.from({ length: 100 }, (_, index) =>
        node(`pve${index}`, { status: "drift", changes: [{ ...change, diff }] }),
    );
    return summarize([{ name: "prod", status: "drift", nodes }], checkedAt);
}

/** Every node has more of everything than a page can hold. */
function fullFleet(): DriftReport {
    const concerns = Array.from({ length: 8 }, (_, concern) => ({
        name: `concern${concern}`,
        status: "drift" as const,
        facts: Object.fromEntries(
            Array.from({ length: 10 }, (_fact, fact) => [`fact ${concern}.${fact}`, `<${"é".repeat(40)}>`]),
        ),
        hazards: Array.from({ length: 30 }, (_hazard, line) => ({
            ...hazard,
            line,
            severity: line === 29 ? ("error" as const) : ("warning" as const),
        })),
    }));
    const changes = concerns.flatMap(({ name }) =>
        Array.from({ length: 8 }, (_, index) => ({ ...change, concern: name, subject: `/etc/${name}/${index}` })),
    );
    return summarize(
        [
            {
                name: "prod",
                status: "drift",
                nodes: Array.from({ length: 100 }, (_, index) =>
                    node(`pve${index}`, { status: "drift", reason: "x".repeat(5_000), concerns, changes }),
                ),
            },
        ],
        checkedAt,
    );
}

/** In the words of the connection itself. */
function refuse(known: Partial<KnownKeys>): string {
    const offered = Buffer.from("AAAAB3NzaC1yc2E=", "base64");
    return refuseKey(
        offered,
        { accepted: [], revoked: [], source: "known_hosts", ...known },
        { host: "192.0.2.13", port: 22 } as SshTarget,
        false,
    )!;
}

describe("what to do next", () => {
    test("is the most pressing first, and names the nodes", () => {
        expect(nextSteps(mixed).map(({ nodes, text }) => `${nodes.join(" ")}: ${text.split(/[.:]/)[0]}`)).toEqual([
            "pve01: would not survive a reboot",
            "pve03: could not be looked at",
            "pve01 pve05: not as declared",
            "pve01: the network configuration on disk is not the running one",
            "pve04: skipped, under maintenance",
        ]);
    });

    test.each([
        [
            "a node that is off",
            "root@192.0.2.13 port 22 refuses connections; is the node up and sshd running there?",
            /Use the console, or set maintenance: true/,
            undefined,
        ],
        [
            "no key at all",
            "no key to log in to root@192.0.2.13 port 22 with (no agent, no key file); start an agent",
            /none of this workstation's SSH keys/,
            "ssh-add",
        ],
        [
            "a key that is not let in",
            "root@192.0.2.13 port 22 accepts none of the keys: the SSH agent",
            /none of this workstation's SSH keys/,
            "ssh-add",
        ],
        [
            "a changed host key",
            refuse({ accepted: ["ssh-ed25519 AAAA"] }),
            /host key is not the one that is known/,
            expect.stringMatching(/^ssh-keygen -lf /),
        ],
        [
            "a revoked host key",
            refuse({ revoked: ["ssh-rsa AAAAB3NzaC1yc2E="] }),
            /host key is not the one that is known/,
            expect.stringMatching(/^ssh-keygen -lf /),
        ],
        [
            "an unknown host key",
            refuse({}),
            /host key is not the one that is known/,
            expect.stringMatching(/^ssh-keygen -lf /),
        ],
    ])("for %s is what helps there", (_, reason, text, command) => {
        const steps = nextSteps(
            summarize(
                [
                    {
                        name: "prod",
                        status: "unknown",
                        nodes: [node("pve03", { status: "unreachable", reason: `pve03: ${reason}` })],
                    },
                ],
                checkedAt,
            ),
        );
        expect(steps).toEqual([{ nodes: ["pve03"], text: expect.stringMatching(text), command }]);
        expect(steps[0]!.text).toMatch(/^could not be looked at/);
    });

    test("is nothing where all is well", () => {
        expect(nextSteps(clean)).toEqual([]);
        expect(renderPage(clean)).toContain("Nothing: every node is as declared.");
    });

    test("is the stack's own error where it could not be looked at", () => {
        expect(
            nextSteps(
                summarize([{ name: "prod", status: "unknown", error: "the stack is locked", nodes: [] }], checkedAt),
            ),
        ).toEqual([{ nodes: [], text: "Stack prod could not be looked at: the stack is locked" }]);
    });
});

describe("the page", () => {
    test("loads nothing from anywhere and runs no script", () => {
        const page = renderPage(mixed);
        expect(page).not.toMatch(/<script|<link|<img|@import|url\(|\son[a-z]+=|https?:/i);
        expect(page).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
    });

    test("shows what came from a node as text, whatever it is", () => {
        const hostile = "</pre><script>alert(1)</script>\"'&";
        const page = renderPage(
            summarize(
                [
                    {
                        name: hostile,
                        status: "drift",
                        error: hostile,
                        nodes: [
                            node(hostile, {
                                status: "drift",
                                reason: hostile,
                                changes: [
                                    { ...change, subject: hostile, summary: hostile, by: hostile, diff: `+${hostile}` },
                                ],
                            }),
                        ],
                    },
                ],
                checkedAt,
            ),
        );
        expect(page).not.toMatch(/<script|<\/pre><s/);
        expect(page).toContain("&lt;script>");
    });

    test("of 100 nodes that all differ by 500 lines is under 1 MB, and says what it left out", () => {
        const page = renderPage(hundredNodes());
        expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
        expect(page.match(/… \d+ more lines: npx holdfast drift prints them/g)).toHaveLength(100);
    });

    test("of 100 nodes with 30 hazards, 10 facts and 8 changes in each of 8 concerns is under 1 MB: every node has its row and some of each, errors first, and what is left out is counted", () => {
        const page = renderPage(fullFleet());
        expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
        expect(Buffer.byteLength(page)).toBeGreaterThan(900_000);
        const [matrix, ...sections] = page.split('<section id="');
        for (let index = 0; index < 100; index++) expect(matrix).toContain(`<a href="#node-prod-pve${index}">`);
        expect(sections).toHaveLength(100);
        for (const section of sections) {
            const numberOf = (pattern: RegExp) => Number(pattern.exec(section)?.[1]);
            const shown = (pattern: RegExp) => section.match(pattern)?.length ?? 0;
            expect(section.indexOf('"hazard">error')).toBeLessThan(section.indexOf('"warning">warning'));
            expect([
                shown(/"hazard">error/g),
                shown(/"hazard">error|"warning">warning/g) +
                    numberOf(/… (\d+) more hazards: npx holdfast drift --format json has them/),
            ]).toEqual([8, 240]);
            expect(shown(/<summary><code>/g) + numberOf(/… (\d+) more changes: npx holdfast drift prints them/)).toBe(
                64,
            );
            expect(
                shown(/<dt>fact/g) +
                    numberOf(/<dt>…<\/dt><dd>(\d+) more facts: npx holdfast drift --format json has them/),
            ).toBe(80);
            expect(shown(/<dt>fact/g)).toBeGreaterThan(0);
            expect(shown(/<summary><code>/g)).toBeGreaterThan(0);
        }
    });

    test("of one node that differs among many leaves nothing out that fits", () => {
        const diff = Array.from({ length: 200 }, (_, line) => `+${line} ${"x".repeat(490)}`).join("\n");
        const page = renderPage(
            summarize(
                [
                    {
                        name: "prod",
                        status: "drift",
                        nodes: [
                            node("pve01", { status: "drift", changes: [{ ...change, diff }] }),
                            ...Array.from({ length: 99 }, (_, index) => node(`quiet${index}`)),
                        ],
                    },
                ],
                checkedAt,
            ),
        );
        expect(page).not.toMatch(/… \d+ more/);
        expect(page).toContain(`+199 ${"x".repeat(490)}`);
    });

    test.each<[readonly number[], number, number]>([
        [[], 10, Infinity],
        [[3, 3], 6, Infinity],
        [[10, 1, 10], 11, 5],
        [[4, 4], 6, 3],
        [[1], -5, 0],
    ])("sizes %j share %i: at most %d each", (sizes, total, share) => {
        expect(evenShare(sizes, total)).toBe(share);
    });
});

describe("in a browser", () => {
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), "report-"));
        browser = await chromium.launch({
            executablePath: "/usr/bin/chromium",
            args: [
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        });
    });

    afterAll(async () => {
        await browser.close();
        await rm(folder, { recursive: true, force: true });
    });

    async function open(
        report: DriftReport,
        options: Parameters<Browser["newPage"]>[0] = {},
        drawn?: ChartsOrReason,
    ): Promise<{ page: Page; complaints: string[] }> {
        const file = join(folder, "report.html");
        await writeFile(file, renderPage(report, drawn));
        const page = await browser.newPage({ bypassCSP: true, ...options });
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("request", (request) => {
            if (!request.url().startsWith("file:")) complaints.push(request.url());
        });
        await page.goto(`file://${file}`);
        return { page, complaints };
    }

    /** With HOLDFAST_SCREENSHOTS=docs/images, the pictures of the documentation are made anew. */
    test.each([
        ["light", 1100],
        ["dark", 1100],
        ["narrow", 390],
    ] as const)("a picture of it: %s", async (name, width) => {
        const { page } = await open(mixed, {
            colorScheme: name === "dark" ? "dark" : "light",
            viewport: { width, height: 900 },
        });
        const target = process.env["HOLDFAST_SCREENSHOTS"];
        const picture = await page.screenshot({
            fullPage: true,
            ...(target !== undefined && { path: join(target, `report-${name}.png`) }),
        });
        expect(picture.readUInt32BE(16)).toBe(width);
        await page.close();
    });

    /** Likewise. */
    test.each([
        ["light", 1100],
        ["dark", 1100],
        ["narrow", 390],
    ] as const)("a picture of its charts: %s", async (name, width) => {
        const { page } = await open(
            summarize([{ name: "prod", status: "clean", nodes: [] }], checkedAt),
            { colorScheme: name === "dark" ? "dark" : "light", viewport: { width, height: 900 } },
            { charts: renderCharts(chartsOfADay(checkedAt)) },
        );
        const charts = page.getByRole("region", { name: "The last day" });
        expect(await charts.getByRole("img").count()).toBeGreaterThan(10);
        // None is wider than the screen.
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        const target = process.env["HOLDFAST_SCREENSHOTS"];
        await charts.scrollIntoViewIfNeeded();
        if (target !== undefined) await page.screenshot({ path: join(target, `report-charts-${name}.png`) });
        await page.close();
    });

    test.each(["light", "dark"] as const)(
        "axe finds nothing to complain about in the %s scheme, and the console is silent",
        async (colorScheme) => {
            const drawn = { charts: renderCharts(chartsOfADay(checkedAt)) };
            const { page, complaints } = await open(mixed, { colorScheme }, drawn);
            for (const summary of await page.locator("summary").all()) await summary.click();
            await page.evaluate(axe.source);
            const { violations, passes } = await page.evaluate<axe.AxeResults>("axe.run()");
            expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
            expect(passes.map(({ id }) => id)).toEqual(
                expect.arrayContaining(["color-contrast", "scrollable-region-focusable"]),
            );
            expect(complaints).toEqual([]);
        },
    );

    test("a cell says in words what its sign means", async () => {
        const { page } = await open(mixed);
        const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "pve01" }) });
        expect(await row.getByRole("cell").allInnerTexts()).toEqual([
            expect.stringContaining("not declared"),
            expect.stringContaining("as declared"),
            expect.stringContaining("would not survive a reboot"),
        ]);
    });

    test("the keyboard alone reaches a node and opens its diff", async () => {
        const { page } = await open(mixed);
        const diff = page.getByText("+27: enx60a4b758ba5b");
        expect(await diff.isVisible()).toBe(false);
        const focused = () => page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.innerText");
        for (
            let presses = 0;
            presses < 20 && !String(await focused()).startsWith("SUMMARY /etc/network/interfaces");
            presses += 1
        )
            await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        expect(await diff.isVisible()).toBe(true);
    });

    test("every line of a diff stands below the one before it", async () => {
        const { page } = await open(mixed);
        await page.locator("details.change summary").first().click();
        const [removed, added] = await Promise.all(
            ["pre del", "pre ins"].map(async (line) => (await page.locator(line).boundingBox())!),
        );
        expect(added!.y).toBeCloseTo(removed!.y + removed!.height);
        expect(added!.x).toBe(removed!.x);
    });

    test("a phone's screen does not scroll sideways; only the matrix and the diffs do", async () => {
        const { page } = await open(mixed, { viewport: { width: 360, height: 740 } });
        for (const summary of await page.locator("summary").all()) await summary.click();
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    });

    test("on paper the folded diffs are open", async () => {
        const { page } = await open(mixed);
        await page.emulateMedia({ media: "print" });
        expect(await page.getByText("+27: enx60a4b758ba5b").isVisible()).toBe(true);
    });
});

test("the headline is the worst news: what is known to be wrong does not wait for what nobody knows", () => {
    const headline = (...nodes: NodeDrift[]) => {
        const status = nodes.some((each) => each.status === "unreachable") ? "unknown" : "drift";
        const page = renderPage(summarize([{ name: "prod", status, nodes }], checkedAt));
        return /<div class="verdict (\w+)"><strong>([^<]*)</.exec(page)?.slice(1);
    };
    const unseen = node("pve03", { status: "unreachable" });
    const edited = node("pve05", { status: "drift", changes: [change] });
    expect(headline(drifted, unseen)).toEqual(["hazard", "1 node would not survive a reboot; could not tell of 1"]);
    expect(headline(edited, unseen)).toEqual(["drift", "Drift; could not tell of 1"]);
    expect(headline(unseen)).toEqual(["unknown", "Could not tell"]);
    expect(headline(edited)).toEqual(["drift", "Drift"]);
});
