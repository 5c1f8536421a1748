/** `holdfast:policies`, as `holdfast lint` of a stack holds them. */
import { lintStack } from "../../cli/lint/stack";

const KEY = `ssh-ed25519 ${Buffer.from(
    Buffer.concat([
        Buffer.from([0, 0, 0, 11]),
        Buffer.from("ssh-ed25519"),
        Buffer.from([0, 0, 0, 32]),
        Buffer.alloc(32, 7),
    ]),
).toString("base64")}`;

/** A stack that keeps to every rule; `change` breaks one. */
function rulesOf(
    change: (fleet: Fleet) => void = () => undefined,
    policies: object = {},
    more: object = {},
    content = "",
): string[] {
    const fleet: Fleet = {
        domain: "example.test",
        mail: { to: "ops@example.test" },
        rollout: { canary: ["pve01"], batch: 2 },
        ssh: { rescueKeys: [] },
        nodes: {
            pve01: { address: "192.0.2.11", ssh: { hostKey: KEY } },
            pve02: { address: "192.0.2.12", ssh: { hostKey: KEY } },
        },
    };
    change(fleet);
    const config = { "holdfast:fleet": fleet, "holdfast:policies": policies, ...more };
    return lintStack(JSON.stringify({ config }), () => content)
        .filter(({ severity }) => severity === "error")
        .map(({ rule, message }) => `${rule}: ${message}`);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a stack in the making, of any shape
type Fleet = Record<string, any>;

test("a stack that keeps to the rules has no fault", () => {
    expect(rulesOf()).toEqual([]);
});

const breaks: [string, (fleet: Fleet) => void, RegExp][] = [
    [
        "reload-window",
        (fleet) => {
            const stanzas = [{ name: "lo", auto: true, method: "loopback" }];
            const eth = {
                name: "eth0",
                auto: true,
                method: "static",
                options: { address: "192.0.2.11/24", gateway: "192.0.2.1" },
            };
            fleet["nodes"].pve01.interfaces = { apply: "reload", confirmWindow: 30, stanzas: [...stanzas, eth] };
        },
        /nodes\.pve01\.interfaces\.confirmWindow: expected at least 60 s, got 30/,
    ],
    ["canary", (fleet) => delete fleet["rollout"].canary, /rollout: .*batch: 2.* no canary is named/],
    [
        "backup-elsewhere",
        (fleet) => (fleet["nodes"].pve01.configBackup = { target: "sftp:b@pve02.example.test:/srv", hostKey: KEY }),
        /configBackup\.target: is on pve02\.example\.test, a node of the cluster/,
    ],
    [
        "backup-elsewhere",
        (fleet) => (fleet["defaults"] = { configBackup: { target: "/srv/backup" } }),
        /is on a folder of the node itself/,
    ],
    [
        "power-off-mail",
        (fleet) => delete fleet["mail"],
        /temperature\.action: powers the node off, and mail\.to names nobody/,
    ],
    [
        "mountpoint",
        (fleet) => {
            fleet["nodes"].pve01.fstab = [
                { source: "UUID=0a1b0000-0000-4000-8000-000000000001", target: "/", fstype: "ext4", passno: 1 },
                { source: "UUID=9c8d0000-0000-4000-8000-000000000001", target: "/srv/local", fstype: "ext4" },
            ];
            const storages = { local2: { path: "/srv/local/vz", content: ["images"], mountpoint: false } };
            const fingerprint = Array(32).fill("AA").join(":");
            fleet["proxmox"] = { endpoint: "https://192.0.2.11:8006", fingerprint, storages };
        },
        /storages\.local2\.mountpoint: \/srv\/local\/vz is on the mount \/srv\/local/,
    ],
    ["host-keys", (fleet) => delete fleet["nodes"].pve02.ssh, /nodes\.pve02\.ssh\.hostKey: is missing/],
];

test.each(breaks)(
    "%s: broken, it is an error at its place; waived with a reason, it is none",
    (rule, change, message) => {
        const waive = (reason: string, machines?: string[]) => ({
            waive: [{ rule, reason, ...(machines && { machines }) }],
        });
        const found = rulesOf(change);
        expect(found.length).toBeGreaterThan(0);
        for (const each of found) expect(each).toMatch(new RegExp(`^policy-${rule}: holdfast:fleet\\.`));
        expect(found.join("\n")).toMatch(message);
        expect(rulesOf(change, waive("decided in March, see the wiki"))).toEqual([]);
        expect(rulesOf(change, waive("no")).join()).toMatch(/policies: holdfast:policies\.waive\.0\.reason/);
        expect(rulesOf(change, waive("for another machine only", ["pve09"]))).toEqual(found);
    },
);

test("a mount of a file in the project counts as one of the stack", () => {
    const text = "UUID=9c8d0000-0000-4000-8000-000000000001 /srv/local ext4 defaults,nofail 0 2\n";
    const found = rulesOf(
        (fleet) => {
            fleet["nodes"].pve01.fstab = { file: "nodes/pve01/fstab" };
            const storages = { local2: { path: "/srv/local/vz", content: ["images"], mountpoint: false } };
            const fingerprint = Array(32).fill("AA").join(":");
            fleet["proxmox"] = { endpoint: "https://192.0.2.11:8006", fingerprint, storages };
        },
        {},
        {},
        text,
    );
    expect(found.join()).toContain("/srv/local/vz is on the mount /srv/local");
});

test("a secret in plain text is an error there", () => {
    const plain = { "holdfast:mailPassword": "hunter2" };
    expect(rulesOf(undefined, {}, plain).join()).toMatch(/^plain-secret: holdfast:mailPassword stands in plain text/);
    expect(
        rulesOf(undefined, { waive: [{ rule: "plain-secret", reason: "a lab without anything in it" }] }, plain),
    ).toEqual([]);
});

test("one's own rule is held at every place that it names", () => {
    const own = [
        {
            rule: "root-only",
            at: "nodes.*.ssh.user",
            expected: ["root", "holdfast"],
            text: "expected root or holdfast",
        },
    ];
    const change = (fleet: Fleet) => {
        fleet["nodes"].pve01.ssh.user = "root";
        fleet["nodes"].pve02.ssh.user = "ann";
    };
    expect(rulesOf(change, { own })).toEqual([
        "policy-root-only: holdfast:fleet.nodes.pve02.ssh.user: expected root or holdfast",
    ]);
    const waive = [{ rule: "root-only", reason: "she is on call", machines: ["pve02"] }];
    expect(rulesOf(change, { own, waive })).toEqual([]);
});

test("a waiver of a rule that there is not is told", () => {
    expect(rulesOf(undefined, { waive: [{ rule: "canaries", reason: "a word that is wrong" }] }).join()).toMatch(
        /there is no rule canaries: reload-window, canary, /,
    );
});

test("without `holdfast:policies` nothing is asked", () => {
    const config = { "holdfast:fleet": { nodes: { pve01: { address: "192.0.2.11" } } } };
    const errors = lintStack(JSON.stringify({ config }), () => ({ path: "", content: "" }) as never).filter(
        ({ severity }) => severity === "error",
    );
    expect(errors).toEqual([]);
});
