import { parseFleet } from "../../components/fleet";
import { hostKey, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";

/** One value for every field of CONTRACT.md, so that each can be made hostile in turn. */
const everyField = {
    ...threeNodes(),
    mail: { to: "ops@example.test", from: "holdfast@example.test", relay: "smtp://192.0.2.25:25" },
    monitoring: {
        hosts: ["192.0.2.50"],
        cluster: "rack one",
        targets: [
            { name: "wiki", http: "https://wiki.example.test/", on: "pve01" },
            { name: "dns", dns: "wiki.example.test@192.0.2.53" },
            { name: "gateway", icmp: "192.0.2.1" },
            { name: "smtp", tcp: "192.0.2.25:25" },
            { name: "ldap", tls: "192.0.2.25:636" },
        ],
    },
    rollout: { canary: ["pve01"], batch: 1 },
    defaults: {
        temperature: { warning: 75, critical: 90, action: "alert" },
        smartd: { devices: ["/dev/disk/by-id/ata-x"], action: "alert" },
        nodeExporter: { port: 9100 },
        configBackup: {
            target: "backup@nas.example.test:/srv/pve",
            hostKey,
            port: 22,
            time: "02:00",
            keep: { daily: 14, weekly: 8, monthly: 12 },
            drill: { on: "pve02", day: "Sun" },
        },
    },
    nodes: {
        pve01: {
            ...threeNodes().nodes.pve01,
            maintenance: false,
            ssh: {
                host: "192.0.2.11",
                port: 22,
                user: "root",
                sudo: true,
                hostKey,
                proxy: { host: "192.0.2.5", port: 22, user: "jump", hostKey },
            },
            fstab: [
                {
                    source: "LABEL=data",
                    target: "/srv",
                    fstype: "ext4",
                    options: ["defaults"],
                    freq: 0,
                    passno: 2,
                    essential: false,
                },
            ],
            interfaces: {
                source: ["/etc/network/interfaces.d/*"],
                stanzas: [
                    {
                        name: "eno1",
                        auto: true,
                        allow: ["hotplug"],
                        family: "inet",
                        method: "static",
                        options: { address: "192.0.2.11/24", "bridge-ports": ["eno2"] },
                        comments: ["management"],
                    },
                ],
                apply: "boot",
                confirmWindow: 120,
            },
        },
        pve02: {
            address: "192.0.2.12",
            hostsFile: { file: "nodes/pve02/hosts" },
            fstab: { file: "nodes/pve03/fstab", essential: ["/srv/local"] },
            interfaces: { file: "nodes/pve02/interfaces" },
        },
    },
    hosts: {
        mon1: {
            address: "192.0.2.50",
            roles: ["monitoring"],
            monitoring: {
                listen: "127.0.0.1:9090",
                interval: 30,
                retention: 30,
                config: "whole",
                alertmanagers: ["192.0.2.51:9093"],
                deadMan: "https://alive.example.test/pve",
                scrape: { user: "prometheus", ca: "/etc/ssl/certs/nodes.pem" },
            },
        },
    },
};

const hostile = [
    "$(reboot)",
    "`reboot`",
    "${IFS}",
    "a;reboot",
    "a|reboot",
    "a&reboot",
    "a>b",
    "'",
    '"',
    "a\nb",
    "a\r",
    "a\0b",
    "../../etc/shadow",
    "a/../b",
    "-x y",
    "%(x)s",
    "ü",
    "a\u2028b",
    "\u202egpj",
    "",
    " ",
    "{{own}}",
    "a\\",
];

type Path = readonly (string | number)[];

function leaves(value: unknown, path: Path = []): Path[] {
    if (typeof value !== "object" || value === null) return [path];
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    return entries.flatMap(([key, below]) => leaves(below, [...path, key]));
}

function withLeaf(path: Path, leaf: unknown): unknown {
    const copy: unknown = structuredClone(everyField);
    const holder = path.slice(0, -1).reduce<unknown>((at, step) => Reflect.get(Object(at), step), copy);
    Reflect.set(Object(holder), path[path.length - 1]!, leaf);
    return copy;
}

test("the fleet that the hostile values go into is sound", () => {
    expect(parseFleet(everyField, readFixture).faults).toEqual([]);
});

/**
 * A comment is a line of its own behind `#`, and regex port lists need `|`, `\` and braces; no shell ever reads either.
 */
const harmless: Readonly<Record<string, readonly string[]>> = {
    comments: [
        "$(reboot)",
        "`reboot`",
        "${IFS}",
        "a;reboot",
        "a|reboot",
        "a&reboot",
        "a>b",
        "'",
        '"',
        "../../etc/shadow",
        "a/../b",
        "-x y",
        "{{own}}",
    ],
    address: ["a|reboot", "../../etc/shadow", "a/../b", "-x y", "{{own}}"],
    "bridge-ports": ["a|reboot", "../../etc/shadow", "a/../b", "-x y", "{{own}}"],
};

test.each(leaves(everyField).map((path): [string, Path] => [path.join("."), path]))(
    "%s takes no hostile value",
    (_title, path) => {
        const allowed = path.includes("stanzas")
            ? (path.map((step) => harmless[String(step)]).find((list) => list !== undefined) ?? [])
            : [];
        const accepted = hostile.filter((value) => parseFleet(withLeaf(path, value), readFixture).faults.length === 0);
        expect(accepted.filter((value) => !allowed.includes(value))).toEqual([]);
    },
);

test.each([["nodes"], ["hosts"], ["nodes", "pve01", "interfaces", "stanzas", 0, "options"]])(
    "no key below %s is hostile",
    (...path) => {
        const accepted = hostile.filter(
            (key) =>
                parseFleet(withLeaf([...path, key], path.length === 1 ? { address: "192.0.2.99" } : "x"), readFixture)
                    .faults.length === 0,
        );
        expect(accepted).toEqual([]);
    },
);

/** Such a line would end the stanza: read another file, or bring up another interface. */
test.each([
    ["source", "/root/evil"],
    ["source-directory", "/root"],
    ["auto", "eno9"],
    ["iface", "eno9 inet dhcp"],
    ["mapping", "eno9"],
    ["vlan", "10"],
    ["rename", "eno9=eno1"],
    ["template", "x"],
    ["no-auto-down", "eno1"],
    ["no-scripts", "eno1"],
    ["allow", "eno9"],
    ["allow-hotplug", "eno9"],
    ["allow-vmbr0", "eno9"],
    ["Source", "/root/evil"],
    ["AUTO", "eno9"],
])("%s is no option of a stanza", (name, given) => {
    const { faults } = parseFleet(
        withLeaf(["nodes", "pve01", "interfaces", "stanzas", 0, "options", name], given),
        readFixture,
    );
    expect(faults).toEqual([
        {
            path: ["nodes", "pve01", "interfaces", "stanzas", 0, "options", name],
            message: expect.stringMatching(
                name === name.toLowerCase()
                    ? /not a word that starts a statement of its own/
                    : /^expected an option name/,
            ),
        },
    ]);
});

test.each(["vlan-raw-device", "vlan-id", "source-x", "auto-x", "no-auto", "allowed", "bridge-vlan-aware"])(
    "%s is an option to ifupdown2",
    (name) => {
        expect(
            parseFleet(withLeaf(["nodes", "pve01", "interfaces", "stanzas", 0, "options", name], "x"), readFixture)
                .faults,
        ).toEqual([]);
    },
);

describe("a secret at the wrong place is not printed", () => {
    test.each<[string, Path, unknown]>([
        ["in the relay's URL", ["mail", "relay"], "smtp://u:hunter2@mail.test:25"],
        ["in the relay's name", ["mail", "relay"], "u:hunter2@mail.test"],
        ["behind the relay's user", ["mail", "user"], "u:hunter2"],
        ["as the mail settings", ["mail"], "smtp://u:hunter2@mail.test:25"],
        ["as a hash", ["defaults", "nodeExporter", "basicAuth"], { prometheus: "hunter2" }],
        ["as a number", ["defaults", "nodeExporter", "basicAuth"], { prometheus: 4711 }],
        ["as the credentials", ["defaults", "nodeExporter", "basicAuth"], "hunter2"],
        ["in a list of credentials", ["defaults", "nodeExporter", "basicAuth"], { prometheus: ["hunter2"] }],
        ["of a share", ["nodes", "pve01", "fstab", 0, "options"], ["username=u,password=hunter2"]],
        ["in another URL", ["nodes", "pve01", "address"], "ssh://u:hunter2@192.0.2.11"],
        ["of a wireless network", ["nodes", "pve01", "interfaces", "stanzas", 0, "options"], { "wpa-psk": "hunter2'" }],
    ])("%s", (_title, path, given) => {
        const { faults } = parseFleet(withLeaf(path, given), readFixture);
        expect(faults.length).toBeGreaterThan(0);
        expect(JSON.stringify(faults)).not.toMatch(/hunter2|4711/);
    });

    test("and where a relay's credentials belong is said", () => {
        expect(
            parseFleet(withLeaf(["mail", "relay"], "smtp://u:hunter2@mail.test:25"), readFixture).faults.map(
                ({ message }) => message,
            ),
        ).toEqual([
            "expected smtp://HOST:PORT or smtps://HOST:PORT; credentials go to mail.user and the secret holdfast:mailPassword",
        ]);
    });
});

test("a fault with a hostile value is one line of printable text", () => {
    const messages = hostile.flatMap((value) =>
        parseFleet(withLeaf(["nodes", "pve01", "address"], value), readFixture).faults.map(({ message }) => message),
    );
    expect(messages.filter((message) => /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/.test(message))).toEqual([]);
});

test("a key named __proto__ changes no prototype", () => {
    const given: unknown = JSON.parse(
        '{"nodes": {"__proto__": {"maintenance": true}, "pve01": {"address": "192.0.2.11"}}}',
    );
    const { fleet, faults } = parseFleet(given, readFixture);
    expect(faults.length > 0 || fleet?.nodes.every(({ maintenance }) => !maintenance)).toBe(true);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect("maintenance" in {}).toBe(false);
});
