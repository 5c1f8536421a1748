import { formatFault, parseFleet } from "../../components/fleet";
import { hostKey, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";

function faultsOf(given: unknown): string[] {
    return parseFleet(given, readFixture).faults.map(formatFault);
}

/** The three nodes with one value replaced; `undefined` removes it. */
function withValue(path: readonly (string | number)[], value: unknown): unknown {
    const fleet: unknown = structuredClone(threeNodes());
    const holder = path.slice(0, -1).reduce<unknown>((at, step) => {
        if (Reflect.get(Object(at), step) === undefined) Reflect.set(Object(at), step, {});
        return Reflect.get(Object(at), step);
    }, fleet);
    Reflect.set(Object(holder), path[path.length - 1]!, value);
    return fleet;
}

/** Path as messages print it. */
function printed(path: readonly (string | number)[]): string {
    return `holdfast:fleet${path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("")}`;
}

test("a sound fleet has no fault", () => {
    expect(faultsOf(threeNodes())).toEqual([]);
});

describe("faults of single values", () => {
    test.each<[readonly (string | number)[], unknown, string]>([
        [["domain"], "example test", 'expected a domain name, got "example test"'],
        [
            ["nodes", "pve01", "address"],
            "192.0.2.11/24",
            'expected an IPv4 or IPv6 address without prefix length, got "192.0.2.11/24"',
        ],
        [
            ["nodes", "pve01", "address"],
            "192.0.2.256",
            'expected an IPv4 or IPv6 address without prefix length, got "192.0.2.256"',
        ],
        [
            ["nodes", "pve01", "address"],
            undefined,
            "is missing: expected an IPv4 or IPv6 address without prefix length",
        ],
        [
            ["nodes", "pve01", "address"],
            "127.0.1.1",
            'expected an address that other hosts can reach, not a loopback, link-local, multicast or unspecified one, got "127.0.1.1"',
        ],
        [
            ["nodes", "pve01", "address6"],
            "0:0:0:0:0:0:0:1",
            'expected an address that other hosts can reach, not a loopback, link-local, multicast or unspecified one, got "0:0:0:0:0:0:0:1"',
        ],
        [
            ["nodes", "pve01", "address6"],
            "::ffff:127.0.0.1",
            'expected an address that other hosts can reach, not a loopback, link-local, multicast or unspecified one, got "::ffff:127.0.0.1"',
        ],
        [
            ["nodes", "pve01", "address6"],
            "192.0.2.77",
            'expected an IPv6 address without prefix length, got "192.0.2.77"',
        ],
        [["nodes", "pve01", "ssh", "port"], 0, "expected a port, a whole number from 1 to 65535, got 0"],
        [["nodes", "pve01", "ssh", "port"], "22", 'expected a port, a whole number from 1 to 65535, got "22"'],
        [["nodes", "pve01", "ssh", "port"], 22.5, "expected a port, a whole number from 1 to 65535, got 22.5"],
        [
            ["nodes", "pve01", "ssh", "hostKey"],
            "AAAAC3Nza",
            'expected key type and base64, as ssh-keyscan prints them after the host name (no comment at the end), got "AAAAC3Nza"',
        ],
        [
            ["nodes", "pve01", "ssh", "hostKey"],
            hostKey.replace("ssh-ed25519", "ssh-rsa"),
            'expected a whole host key: the base64 part does not hold the type before it, got "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOz8jihKC3krhzNXbUbWK7mfkJD…"',
        ],
        [
            ["nodes", "pve01", "ssh", "hostKey"],
            "SHA256:aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd28",
            'expected the key itself, as ssh-keyscan prints it after the host name, not its fingerprint, got "SHA256:aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd28"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "192.0.2.11:2222",
            'expected a host alone: write 192.0.2.11, and port: 2222 beside it, got "192.0.2.11:2222"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "pve01.example.test:22",
            'expected a host alone: write pve01.example.test, and port: 22 beside it, got "pve01.example.test:22"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "300.1.2.3",
            'expected a valid IPv4 address, each number from 0 to 255 without leading zeros, got "300.1.2.3"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "pve..x",
            'expected a name without an empty label: remove the extra dot, got "pve..x"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "[2001:db8::1]",
            'expected an address without brackets: write 2001:db8::1, got "[2001:db8::1]"',
        ],
        [
            ["nodes", "pve01", "ssh", "host"],
            "[2001:db8::1]:2222",
            'expected an address without brackets: write 2001:db8::1, and port: 2222 beside it, got "[2001:db8::1]:2222"',
        ],
        [["nodes", "pve01", "ssh", "host"], "2001:db8::1::2", 'expected a valid IPv6 address, got "2001:db8::1::2"'],
        [
            ["nodes", "pve01", "ssh", "host"],
            "-oProxyCommand=reboot",
            'expected a name, an alias of ~/.ssh/config, or an address, got "-oProxyCommand=reboot"',
        ],
        [
            ["nodes", "pve01", "fstab", 1, "source"],
            "/dev/sdb1",
            "expected UUID=…, got /dev/sdb1: the kernel may give that name to another disk at the next boot; blkid /dev/sdb1 prints the UUID",
        ],
        [
            ["nodes", "pve01", "fstab"],
            [],
            "expected at least the entry of / (leave fstab out to have the file left alone), got an empty list",
        ],
        [
            ["nodes", "pve01", "fstab"],
            { file: "./nodes/pve03/fstab" },
            'expected a path without ./ in front: write nodes/pve03/fstab, got "./nodes/pve03/fstab"',
        ],
        [
            ["nodes", "pve01", "fstab", 1, "source"],
            "/dev//sdb1",
            "expected UUID=…, got /dev//sdb1: the kernel may give that name to another disk at the next boot; blkid /dev//sdb1 prints the UUID",
        ],
        [
            ["nodes", "pve01", "fstab", 1, "source"],
            "/dev/disk/by-diskseq/9",
            "expected UUID=…, got /dev/disk/by-diskseq/9: the kernel may give that name to another disk at the next boot; blkid /dev/disk/by-diskseq/9 prints the UUID",
        ],
        [
            ["nodes", "pve01", "fstab", 1, "source"],
            "/dev/block/8:17",
            "expected UUID=…, got /dev/block/8:17: the kernel may give that name to another disk at the next boot; blkid /dev/block/8:17 prints the UUID",
        ],
        [
            ["nodes", "pve01", "fstab", 2, "options"],
            ["logdev=/dev/sdc1"],
            "expected a path below /dev/disk/by-id, got /dev/sdc1: the kernel may give that name to another disk at the next boot; ls -l /dev/disk/by-id lists them",
        ],
        [
            ["nodes", "pve01", "fstab", 1, "fstype"],
            "defaults",
            "'defaults' is a mount option, and stands where the file system's type belongs, so this is never mounted. Write SOURCE TARGET TYPE OPTIONS, in this order.",
        ],
        [
            ["nodes", "pve01", "fstab", 1, "target"],
            "/srv/../etc",
            'expected an absolute mount point without .. or a trailing /, or none, got "/srv/../etc"',
        ],
        [
            ["nodes", "pve01", "fstab", 1, "target"],
            "/srv/local/",
            'expected an absolute mount point without .. or a trailing /, or none, got "/srv/local/"',
        ],
        [
            ["nodes", "pve01", "fstab", 1, "options", 0],
            "defaults,noatime",
            'expected one mount option per list item, got "defaults,noatime"',
        ],
        [["nodes", "pve01", "fstab", 1, "essential"], "yes", 'expected true or false, got "yes"'],
        [["nodes", "pve01", "fstab"], "UUID=…", 'expected a list of entries, { file: … }, or false, got "UUID=…"'],
        [
            ["nodes", "pve01", "fstab"],
            { file: "../fstab" },
            'expected a path inside the project, relative to Pulumi.yaml, without .., got "../fstab"',
        ],
        [["nodes", "pve01", "hostsFile"], false, "expected settings: the hosts file is always managed, got false"],
        [
            ["nodes", "pve01", "interfaces", "stanzas", 1, "name"],
            "enx60a4b758ba5bff",
            'expected an interface name of at most 15 characters, got "enx60a4b758ba5bff"',
        ],
        [
            ["nodes", "pve01", "interfaces", "stanzas", 1, "method"],
            "manul",
            'expected loopback, manual, static, dhcp or auto, got "manul"',
        ],
        [
            ["nodes", "pve01", "interfaces", "stanzas", 3, "options", "gateway"],
            "%(reboot)s",
            'expected one line without quotes, %, $(…) or other shell syntax, got "%(reboot)s"',
        ],
        [["nodes", "pve01", "temperature"], { warning: 20 }, "expected °C from 30 to 120, got 20"],
        [["nodes", "pve01", "maintenance"], "false", 'expected true or false, got "false"'],
        [
            ["mail"],
            { to: "ops@example.test\nBcc: x@example.test" },
            'expected one mail address or local user, without line breaks, got "ops@example.test\\nBcc: x@example.test"',
        ],
        [
            ["monitoring"],
            { hosts: ["192.0.2.0/24"] },
            'expected an IPv4 or IPv6 address without prefix length, got "192.0.2.0/24"',
        ],
        [
            ["rollout", "batch"],
            0,
            "expected nodes at a time: a whole number up to 1000, a share of them such as 25%, or double, got 0",
        ],
        [
            ["rollout", "batch"],
            "0%",
            'expected nodes at a time: a whole number up to 1000, a share of them such as 25%, or double, got "0%"',
        ],
        [
            ["rollout", "batch"],
            "2.5%",
            'expected nodes at a time: a whole number up to 1000, a share of them such as 25%, or double, got "2.5%"',
        ],
        [["rollout", "proof"], "proven", 'expected written, confirmed or booted, got "proven"'],
        [["rollout", "withoutQuorum"], "yes", 'expected true or false, got "yes"'],
        [
            ["nodes", "pve03", "ssh", "former"],
            "192.0.2.111",
            "needs ssh.hostKey: nobody knows the node's key at its new address yet",
        ],
        [["rollout", "canary"], ["pve09"], 'expected the name of a node (pve01, pve02, pve03), got "pve09"'],
        [
            ["hosts"],
            { docker1: { address: "192.0.2.70", roles: ["dokcer"] } },
            'expected docker or monitoring, got "dokcer"',
        ],
    ])("%j: %j", (path, value, message) => {
        const [fault, ...others] = faultsOf(withValue(path, value));
        expect(others).toEqual([]);
        expect(fault).toMatch(printed(path));
        expect(fault?.slice(fault.indexOf(": ") + 2)).toBe(message);
    });
});

describe("host keys", () => {
    const field = (content: string | number) => {
        const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.alloc(content, 4);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        return Buffer.concat([length, bytes]);
    };
    const blobs: [string, ...(string | number)[]][] = [
        ["ssh-ed25519", 32],
        ["ssh-rsa", 3, 257],
        ["ecdsa-sha2-nistp256", "nistp256", 65],
        ["ecdsa-sha2-nistp384", "nistp384", 97],
        ["ecdsa-sha2-nistp521", "nistp521", 133],
    ];
    const faultsOfBlob = (type: string, blob: Buffer) =>
        faultsOf(withValue(["nodes", "pve01", "ssh", "hostKey"], `${type} ${blob.toString("base64")}`));

    test.each(blobs.map(([type, ...fields]) => ({ type, fields })))(
        "$type is accepted whole, and refused cut short or with more behind it",
        ({ type, fields }) => {
            const blob = Buffer.concat([type, ...fields].map(field));
            expect(faultsOfBlob(type, blob)).toEqual([]);
            for (const damaged of [
                ...[1, 2, 3, 5, 9].map((cut) => blob.subarray(0, -cut)),
                Buffer.concat([blob, Buffer.from([0])]),
            ]) {
                expect(faultsOfBlob(type, damaged)).toEqual([
                    expect.stringMatching(/expected a whole host key: the base64 part is cut short or damaged/),
                ]);
            }
        },
    );
});

// ssh2 checks neither, so that no connection would ever come about.
test.each(["sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", "ssh-dss AAAAB3NzaC1kc3MAAACBAP"])(
    "a host key of a type that Holdfast's SSH client cannot check is refused: %s",
    (key) => {
        expect(faultsOf(withValue(["nodes", "pve01", "ssh", "hostKey"], key))).toEqual([
            expect.stringMatching(/expected a host key of one of the types ssh-ed25519, /),
        ]);
    },
);

describe("unknown keys", () => {
    test("a close one is named", () => {
        expect(faultsOf(withValue(["nodes", "pve01", "maintainance"], true))).toEqual([
            "holdfast:fleet.nodes.pve01.maintainance: unknown key; did you mean maintenance?",
        ]);
    });
    test("otherwise the known ones are listed", () => {
        expect(faultsOf(withValue(["rollout", "everything"], true))).toEqual([
            "holdfast:fleet.rollout.everything: unknown key; known are canary, batch, proof, withoutQuorum",
        ]);
    });
    test("a key cannot forge a second line", () => {
        expect(faultsOf(withValue(["nodes", "pve01", "x\ny"], 1))[0]).toMatch(
            /^holdfast:fleet\.nodes\.pve01\["x\\ny"\]: unknown key; known are [^\n]+$/,
        );
    });
    test("a shared host key has no place in the fleet's ssh", () => {
        expect(faultsOf(withValue(["ssh", "hostKey"], hostKey))).toEqual([
            "holdfast:fleet.ssh.hostKey: unknown key; known are port, user, sudo, proxy, rescueKeys",
        ]);
    });
});

describe("rules that span fields", () => {
    test.each<[string, readonly (string | number)[], unknown, string]>([
        [
            "an address of two nodes",
            ["nodes", "pve02", "address"],
            "192.0.2.11",
            "holdfast:fleet.nodes.pve02.address: address 192.0.2.11 is already taken by holdfast:fleet.nodes.pve01.address",
        ],
        [
            "an address in another spelling",
            ["nodes", "pve02", "address6"],
            "2001:DB8:0::11",
            "holdfast:fleet.nodes.pve02.address6: address 2001:db8::11 is already taken by holdfast:fleet.nodes.pve01.address6",
        ],
        [
            "an address of a node and a host",
            ["hosts"],
            { nas: { address: "192.0.2.13" } },
            "holdfast:fleet.hosts.nas.address: address 192.0.2.13 is already taken by holdfast:fleet.nodes.pve03.address",
        ],
        [
            "a name of a node and a host",
            ["hosts"],
            { PVE01: { address: "192.0.2.70" } },
            "holdfast:fleet.hosts.PVE01: name PVE01 is already taken by holdfast:fleet.nodes.pve01",
        ],
        [
            "an alias that is a node",
            ["nodes", "pve01", "aliases"],
            ["pve02"],
            "holdfast:fleet.nodes.pve01.aliases[0]: name pve02 is already taken by holdfast:fleet.nodes.pve02",
        ],
        [
            "an alias that is a full name",
            ["nodes", "pve01", "aliases"],
            ["pve02.example.test"],
            "holdfast:fleet.nodes.pve01.aliases[0]: name pve02.example.test is already taken by holdfast:fleet.nodes.pve02",
        ],
        [
            "a node's name on an extra line",
            ["nodes", "pve01", "hostsFile", "extra", 0],
            { address: "127.0.1.1", names: ["pve01"] },
            "holdfast:fleet.nodes.pve01.hostsFile.extra[0].names[0]: name pve01 is already taken by holdfast:fleet.nodes.pve01",
        ],
        [
            "an extra name on two addresses",
            ["nodes", "pve01", "hostsFile", "extra"],
            [
                { address: "192.0.2.60", names: ["nas"] },
                { address: "192.0.2.61", names: ["nas"] },
            ],
            "holdfast:fleet.nodes.pve01.hostsFile.extra[1].names[0]: name nas (IPv4) is already taken by holdfast:fleet.nodes.pve01.hostsFile.extra[0].names[0]",
        ],
        [
            "an SSH target of two nodes",
            ["nodes", "pve03", "ssh"],
            { host: "192.0.2.12" },
            "holdfast:fleet.nodes.pve03.ssh.host: SSH target 192.0.2.12 port 22 is already taken by holdfast:fleet.nodes.pve02.address",
        ],
        [
            "a warning above the defaults' critical",
            ["nodes", "pve01", "temperature"],
            { warning: 85 },
            "holdfast:fleet.nodes.pve01.temperature: expected warning below critical, got warning 85 and critical 85",
        ],
        [
            "a critical of the defaults that no node makes up for",
            ["defaults"],
            { temperature: { critical: 70 } },
            "holdfast:fleet.defaults.temperature: expected warning below critical, got warning 75 and critical 70",
        ],
        [
            "a canary listed twice",
            ["rollout", "canary"],
            ["pve02", "pve02"],
            "holdfast:fleet.rollout.canary[1]: pve02 is listed twice",
        ],
        [
            "a second family that is the first",
            ["nodes", "pve03"],
            { address: "2001:db8::13", address6: "2001:db8::14" },
            "holdfast:fleet.nodes.pve03.address6: is for the second family: address is an IPv6 address already",
        ],
        [
            "a node's own full name as its alias",
            ["nodes", "pve01", "aliases"],
            ["pve01.example.test"],
            "holdfast:fleet.nodes.pve01.aliases[0]: holdfast:fleet.nodes.pve01 has the name pve01.example.test already: remove it",
        ],
        [
            "a node's own name as its alias",
            ["nodes", "pve01", "aliases"],
            ["PVE01"],
            "holdfast:fleet.nodes.pve01.aliases[0]: holdfast:fleet.nodes.pve01 has the name PVE01 already: remove it",
        ],
        [
            "a target of two entries",
            ["nodes", "pve01", "fstab", 2, "target"],
            "/srv/local",
            "holdfast:fleet.nodes.pve01.fstab[2].target: /srv/local is already the target of holdfast:fleet.nodes.pve01.fstab[1], and only that one is mounted: remove one of them",
        ],
        [
            "a file system without a target",
            ["nodes", "pve01", "fstab", 1, "target"],
            "none",
            'holdfast:fleet.nodes.pve01.fstab[1].target: expected an absolute mount point, got "none": only swap has none, so this is never mounted',
        ],
        [
            "a file system on swap",
            ["nodes", "pve01", "fstab", 4, "target"],
            "swap",
            'holdfast:fleet.nodes.pve01.fstab[4].target: expected an absolute mount point, got "swap": only swap has none, so this is never mounted',
        ],
        [
            "a monitoring host listed twice",
            ["monitoring"],
            { hosts: ["2001:db8::50", "2001:DB8:0::50"] },
            "holdfast:fleet.monitoring.hosts[1]: 2001:db8::50 is listed twice",
        ],
        [
            "a backup without a target",
            ["nodes", "pve01", "configBackup"],
            true,
            "holdfast:fleet.nodes.pve01.configBackup: expected { target: sftp:USER@HOST:/PATH }, got true: there is no target to back up to",
        ],
        [
            "a backup without a target for all",
            ["defaults", "configBackup"],
            true,
            "holdfast:fleet.defaults.configBackup: expected { target: sftp:USER@HOST:/PATH }, got true: there is no target to back up to",
        ],
        [
            "a URL, with a password perhaps, as the backup's target",
            ["nodes", "pve01", "configBackup"],
            { target: "sftp://u:p@nas.example.test/pve" },
            "holdfast:fleet.nodes.pve01.configBackup.target: expected sftp:USER@HOST:/PATH, rest:https://HOST:PORT/PATH, s3:https://HOST/BUCKET or a folder; what stands there is not shown, as it may be a secret",
        ],
        [
            "file and stanzas at once",
            ["nodes", "pve01", "interfaces", "file"],
            "nodes/pve02/interfaces",
            "holdfast:fleet.nodes.pve01.interfaces: expected either file, or source and stanzas, not both",
        ],
        [
            "neither file nor stanzas",
            ["nodes", "pve03", "interfaces"],
            { apply: "boot" },
            "holdfast:fleet.nodes.pve03.interfaces: expected file or stanzas",
        ],
        [
            "a file that is not there",
            ["nodes", "pve03", "fstab", "file"],
            "nodes/pve03/fstb",
            'holdfast:fleet.nodes.pve03.fstab.file: cannot read "nodes/pve03/fstb": no such file',
        ],
        ["a fleet without nodes", ["nodes"], {}, "holdfast:fleet.nodes: expected at least one node"],
    ])("%s", (_title, path, value, fault) => {
        expect(faultsOf(withValue(path, value))).toContain(fault);
    });
    test("a proof by boot of nodes that are not asked whether they are ready; one under maintenance is not", () => {
        const given = threeNodes();
        const faults = (defaults: object) =>
            faultsOf({ ...given, rollout: { proof: "booted" }, defaults: { ...given.defaults, ...defaults } });
        expect(faults({ bootReadiness: false })).toEqual([
            "holdfast:fleet.rollout.proof: booted asks each node whether it is ready: bootReadiness is off for pve01, pve02",
        ]);
        expect(faults({})).toEqual([]);
    });
});

test("what may stand there twice, or without a target", () => {
    const swap = { source: "/dev/pve/swap2", target: "none", fstype: "swap" };
    const byHand = { source: "LABEL=x", target: "/srv/local", fstype: "ext4", options: ["noauto"] };
    const fleet = threeNodes();
    const given = {
        ...fleet,
        nodes: {
            ...fleet.nodes,
            pve01: { ...fleet.nodes.pve01, configBackup: true, fstab: [...fleet.nodes.pve01.fstab, swap, byHand] },
        },
    };
    expect(
        faultsOf({ ...given, defaults: { configBackup: { target: "backup@nas.example.test:/srv/pve", hostKey } } }),
    ).toEqual([]);
});

test("temperature limits are compared as they come to each node", () => {
    const node = (address: string, temperature?: object) => ({ address, temperature });
    const fleet = (...own: (object | undefined)[]) => ({
        defaults: { temperature: { critical: 70 } },
        nodes: Object.fromEntries(
            own.map((temperature, index) => [`pve0${index + 1}`, node(`192.0.2.1${index}`, temperature)]),
        ),
    });
    expect(faultsOf(fleet({ warning: 60 }))).toEqual([]);
    expect(faultsOf(fleet({ warning: 60 }, undefined, { action: "alert" }, { warning: 72 }))).toEqual([
        "holdfast:fleet.defaults.temperature: expected warning below critical, got warning 75 and critical 70",
        "holdfast:fleet.nodes.pve04.temperature: expected warning below critical, got warning 72 and critical 70",
    ]);
});

test("all faults come at once, those that span fields too", () => {
    const fleet = threeNodes();
    const given = {
        ...fleet,
        rollout: { canary: ["pve07"] },
        mial: {},
        nodes: {
            ...fleet.nodes,
            pve02: { ...fleet.nodes.pve02, address: "192.0.2.11", aliases: ["-"] },
            pve04: { ssh: { port: 99_999 } },
        },
    };
    expect(faultsOf(given)).toEqual([
        'holdfast:fleet.nodes.pve02.aliases[0]: expected a host name, and none of those of localhost, got "-"',
        "holdfast:fleet.nodes.pve04.address: is missing: expected an IPv4 or IPv6 address without prefix length",
        "holdfast:fleet.nodes.pve04.ssh.port: expected a port, a whole number from 1 to 65535, got 99999",
        "holdfast:fleet.mial: unknown key; did you mean mail?",
        'holdfast:fleet.rollout.canary[0]: expected the name of a node (pve01, pve02, pve03, pve04), got "pve07"',
        "holdfast:fleet.nodes.pve02.address: address 192.0.2.11 is already taken by holdfast:fleet.nodes.pve01.address",
    ]);
});

test.each([undefined, null, [], "pve01", 7, { nodes: [] }, { nodes: null }])(
    "%j instead of a fleet is a fault, not a crash",
    (given) => {
        expect(faultsOf(given)).toHaveLength(1);
    },
);

describe("a parsed fleet", () => {
    const fleet = parseFleet(threeNodes(), readFixture).fleet!;

    test("a node's own settings win over the defaults, key by key", () => {
        expect(fleet.nodes.map(({ temperature }) => temperature)).toEqual([
            { warning: 70, critical: 85, action: "shutdown", ignore: [], schedule: "timer" },
            { warning: 70, critical: 80, action: "shutdown", ignore: [], schedule: "timer" },
            { warning: 70, critical: 85, action: "shutdown", ignore: [], schedule: "timer" },
        ]);
    });
    test("false turns a concern off for one node", () => {
        expect(fleet.nodes.map(({ smartd }) => smartd)).toEqual([
            { devices: "auto", action: "shutdown", mailTo: ["root"] },
            { devices: "auto", action: "shutdown", mailTo: ["root"] },
            undefined,
        ]);
    });
    test("ssh is the fleet's under the node's own, and connects to the address by default", () => {
        expect(fleet.nodes.map(({ host }) => host)).toEqual([
            { name: "pve01", address: "192.0.2.11", user: "root", port: 2222, hostKey },
            { name: "pve02", address: "192.0.2.12", user: "root", port: 22 },
            { name: "pve03", address: "pve03.mgmt.example.test", user: "holdfast", port: 22, sudo: true },
        ]);
    });
    test("the files that it names are read", () => {
        expect(fleet.nodes[1]?.hostsFile?.file).toEqual({
            path: "nodes/pve02/hosts",
            content: readFixture("nodes/pve02/hosts"),
        });
    });
    test("the first node is the canary where none is named", () => {
        expect(parseFleet({ ...threeNodes(), rollout: undefined }, readFixture).fleet?.rollout).toEqual({
            canary: ["pve01"],
            batch: 1,
        });
    });
    test("each wave is twice the one before where it has proven itself, and one node where a network is reloaded", () => {
        const batchOf = (rollout: object | undefined, apply?: "reload") => {
            const { nodes, ...rest } = threeNodes() as { readonly nodes: Record<string, object> };
            const interfaces = { file: "nodes/pve02/interfaces", apply };
            const given = {
                ...rest,
                rollout,
                nodes: apply ? { ...nodes, pve02: { ...nodes["pve02"], interfaces } } : nodes,
            };
            const { fleet, faults } = parseFleet(given, readFixture);
            expect(faults).toEqual([]);
            return fleet!.rollout.batch;
        };
        expect(batchOf(undefined)).toBe(1);
        expect(batchOf({ proof: "confirmed" })).toBe("double");
        expect(batchOf({ proof: "confirmed" }, "reload")).toBe(1);
        expect(batchOf({ proof: "confirmed", batch: 3 }, "reload")).toBe(3);
    });
    test("nodes come by name, whatever the order of the file, and numbers count as such", () => {
        const given = {
            nodes: { pve10: { address: "192.0.2.10" }, pve2: { address: "192.0.2.2" }, pve1: { address: "192.0.2.1" } },
        };
        expect(parseFleet(given, readFixture).fleet?.nodes.map(({ identity }) => identity.name)).toEqual([
            "pve1",
            "pve2",
            "pve10",
        ]);
    });
    test("nothing in it can be changed", () => {
        expect(() => Object.assign(fleet.nodes[0]!.identity, { name: "other" })).toThrow(TypeError);
    });
    test("settings that change nothing yet are warned about", () => {
        const given = {
            ...threeNodes(),
            hosts: { vm1: { address: "192.0.2.70", roles: ["docker"], ssh: { rescueKeys: [] } } },
        };
        expect(parseFleet(given, readFixture).fleet?.warnings).toEqual([
            "holdfast:fleet.hosts.vm1.ssh.rescueKeys: not applied: this version of Holdfast does not act on it yet",
            expect.stringMatching(/^pve01, pve02, pve03: without ssh\.rescueKeys/),
        ]);
    });
    test("a kept hosts file that names a node which the stack has no more is warned about, once for all who have it", () => {
        const kept = "127.0.0.1 localhost\n192.0.2.60 nas\n192.0.2.14 pve04.example.test pve04\n192.0.2.15 pve05\n";
        const given = {
            domain: "example.test",
            ssh: { rescueKeys: [] },
            defaults: { hostsFile: { file: "hosts" } },
            nodes: { pve01: { address: "192.0.2.11" }, pve02: { address: "192.0.2.12" } },
            hosts: { pve05: { address: "192.0.2.15" } },
        };
        const warnings = (fleet: object) => parseFleet(fleet, () => kept).fleet?.warnings;
        expect(warnings(given)).toEqual([
            "hosts:3: pve04 (192.0.2.14) is named like a node and is none of this stack. Delete the line if the node is gone; another host's is kept in peace under hostsFile.extra",
        ]);
        const extra = [{ address: "192.0.2.14", names: ["pve04"] }];
        expect(warnings({ ...given, defaults: { hostsFile: { file: "hosts", extra } } })).toEqual([]);
    });
    test("a node's own file replaces the defaults' stanzas", () => {
        const given = {
            ...threeNodes(),
            defaults: { interfaces: { stanzas: [{ name: "lo", method: "loopback" }], apply: "boot" } },
        };
        expect(
            parseFleet(given, readFixture).fleet?.nodes.map(({ interfaces }) => Object.keys(interfaces ?? {})),
        ).toEqual([["source", "stanzas"], ["file"], ["source", "stanzas"]]);
    });
});

test("a file that `defaults` names and that cannot be read is one fault, where it is written, also for nodes with further settings", () => {
    const nodes = {
        pve01: { address: "192.0.2.11", hostsFile: { extra: [{ address: "192.0.2.60", names: ["nas"] }] } },
        pve02: { address: "192.0.2.12" },
        pve03: { address: "192.0.2.13" },
    };
    const { faults } = parseFleet({ defaults: { hostsFile: { file: "nodes/hosts" } }, nodes }, readFixture);
    expect(faults.map(formatFault)).toEqual([
        'holdfast:fleet.defaults.hostsFile.file: cannot read "nodes/hosts": no such file',
    ]);
});
