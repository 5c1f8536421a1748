/** Debian packages in a transaction, with the real apt and dpkg of a node and a repository of our own on its disk. */
import { openTestNode, readNodeFile } from "../helpers/lab";
import { clientOf, newId, push } from "../helpers/crashNode";
import type { NodeClient } from "../../host/nodeClient";
import type { Lab, LabNode } from "../../lab";

jest.setTimeout(180_000);

const file = "/etc/holdfast-test/daemon";
const unit = "holdfast-test-daemon.service";
let lab: Lab;
let node: LabNode;
let client: NodeClient;

const shell = async (script: string): Promise<string> =>
    (await node.exec(["sh", "-ec", script], { timeout: 120 })).stdout;
const isInstalled = async (name: string) =>
    (await node.exec(["dpkg-query", "-W", "-f", "${db:Status-Status}", name], { reject: false })).stdout ===
    "installed";

/**
 * As debhelper packages do: the daemon is enabled and started as soon as it is there. It copies the file that it finds.
 */
const daemon = `
mkdir -p daemon/DEBIAN daemon/usr/lib/systemd/system && cd daemon
printf 'Package: holdfast-test-daemon\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' >DEBIAN/control
printf '[Service]\\nExecStart=/bin/sh -c "cp ${file} /run/seen-by-daemon; exec sleep infinity"\\n[Install]\\nWantedBy=multi-user.target\\n' >usr/lib/systemd/system/${unit}
printf '#!/bin/sh\\nset -e\\ndeb-systemd-helper unmask ${unit} >/dev/null || true\\ndeb-systemd-helper enable ${unit} >/dev/null || true\\nsystemctl --system daemon-reload || true\\ndeb-systemd-invoke start ${unit} >/dev/null || true\\n' >DEBIAN/postinst
chmod 755 DEBIAN/postinst && cd ..`;
/** Two that cannot be there together, as two mail servers. */
const rivals = `
for name in one other broken; do
    mkdir -p $name/DEBIAN
    printf "Package: holdfast-test-$name\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nProvides: holdfast-test-mta\\nConflicts: holdfast-test-mta\\nReplaces: holdfast-test-mta\\nDescription: x\\n" >$name/DEBIAN/control
done
printf '#!/bin/sh\\necho its script has a reason >&2; exit 1\\n' >broken/DEBIAN/postinst && chmod 755 broken/DEBIAN/postinst`;
/** One whose script waits until it may go on. */
const slow = `
mkdir -p slow/DEBIAN
printf 'Package: holdfast-test-slow\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' >slow/DEBIAN/control
printf '#!/bin/sh\\ntouch /run/slow-waits\\nfor i in $(seq 600); do test -e /run/slow-goes && exit 0; sleep 0.1; done; exit 1\\n' >slow/DEBIAN/postinst && chmod 755 slow/DEBIAN/postinst`;
const repository = `
for name in daemon one other broken slow; do
    dpkg-deb --root-owner-group --build $name >/dev/null
    dpkg-deb --field $name.deb
    echo "Filename: ./$name.deb"
    echo "Size: $(stat --format %s $name.deb)"
    echo "SHA256: $(sha256sum $name.deb | cut -d' ' -f1)"
    echo
done >Packages`;

beforeAll(async () => {
    ({ lab, node } = await openTestNode(2));
    client = await clientOf(lab, node);
    await shell(
        `rm -rf /srv/repository && mkdir -p /srv/repository && cd /srv/repository ${daemon} ${rivals} ${slow} ${repository}`,
    );
    // The second one fails, as Proxmox' enterprise repository does without a subscription.
    await shell(`mkdir -p /root/sources && mv /etc/apt/sources.list* /root/sources; mkdir -p /etc/apt/sources.list.d
        printf 'deb [trusted=yes] file:/srv/repository ./\\ndeb [trusted=yes] file:/srv/none ./\\n' >/etc/apt/sources.list.d/test.list; rm -rf /var/lib/apt/lists/*`);
});
afterAll(async () => {
    client.end();
    await shell(
        `systemctl disable --now ${unit} || true; apt-get -y -q purge 'holdfast-test-*' || true; rm -rf /etc/apt/sources.list* && mv /root/sources/* /etc/apt; rm -rf /srv/repository /etc/holdfast-test /run/seen-by-daemon /var/lib/apt/lists/*`,
    );
});

test("one whose list is not there yet is fetched, beside a repository that fails; its daemon starts with our file, not before", async () => {
    await shell("rm -rf /etc/holdfast-test; mkdir -p /etc/holdfast-test");
    const { result } = await push(client, {
        files: { [file]: "ours\n" },
        packages: ["holdfast-test-daemon"],
        units: { [unit]: { enabled: true, active: true } },
    });
    expect(result).toEqual({ outcome: "applied", id: expect.any(String) as string });
    expect(await readNodeFile(node, "/run/seen-by-daemon")).toBe("ours");
    expect(await shell(`systemctl is-enabled ${unit}; systemctl is-active ${unit}`)).toBe("enabled\nactive");
});

test("where a later phase fails the package stays, and its daemon is off", async () => {
    await shell(
        `systemctl disable --now ${unit}; apt-get -y -q purge holdfast-test-daemon; systemctl daemon-reload; rm -rf /etc/holdfast-test /run/seen-by-daemon; mkdir -p /etc/holdfast-test`,
    );
    const { result } = await push(client, {
        files: { [file]: "ours\n" },
        packages: ["holdfast-test-daemon"],
        units: { [unit]: { enabled: true, active: true } },
        verify: [{ argv: ["false"] }],
    });
    expect(result).toMatchObject({ outcome: "failed", phase: "verify", undone: { state: "complete" } });
    expect(await isInstalled("holdfast-test-daemon")).toBe(true);
    expect(await shell(`systemctl is-enabled ${unit} || true; systemctl is-active ${unit} || true`)).toBe(
        "disabled\ninactive",
    );
});

test("one that would remove another is refused by name, and nothing is changed", async () => {
    await shell("dpkg --install /srv/repository/one.deb >/dev/null");
    const { result } = await push(client, { files: {}, packages: ["holdfast-test-other"] });
    expect(result).toMatchObject({
        outcome: "failed",
        phase: "stage",
        message: "installing holdfast-test-other would remove holdfast-test-one: install it by hand, knowing what goes",
        undone: { state: "nothing" },
    });
    expect([await isInstalled("holdfast-test-one"), await isInstalled("holdfast-test-other")]).toEqual([true, false]);
});

test("one whose own script fails: the error holds its reason", async () => {
    await shell("apt-get -y -q purge 'holdfast-test-*' >/dev/null");
    const { result } = await push(client, { files: {}, packages: ["holdfast-test-broken"] });
    expect(result).toMatchObject({
        outcome: "failed",
        phase: "stage",
        message: expect.stringMatching(
            /^apt-get install holdfast-test-broken: exit status 100: .*its script has a reason/s,
        ) as string,
    });
});

describe("while another dpkg works", () => {
    /** dpkg's own lock, held as dpkg holds it. */
    const hold = (seconds: number) =>
        shell(
            `python3 -c 'import fcntl, time; lock = open("/var/lib/dpkg/lock-frontend", "w"); fcntl.lockf(lock, fcntl.LOCK_EX); open("/run/held", "w"); time.sleep(${seconds})'`,
        );
    const isHeld = () => shell("for i in $(seq 100); do test -e /run/held && exit 0; sleep 0.1; done; exit 1");
    beforeEach(() => shell("rm -f /run/held; apt-get -y -q purge 'holdfast-test-*' >/dev/null"));

    test("it is waited for", async () => {
        const held = hold(4);
        await isHeld();
        expect((await push(client, { files: {}, packages: ["holdfast-test-one"] })).result).toMatchObject({
            outcome: "applied",
        });
        await held;
        expect(await isInstalled("holdfast-test-one")).toBe(true);
    });

    test("but not for ever: a clear error", async () => {
        const held = hold(8);
        await isHeld();
        // The node's own module, with a shorter bound than its two minutes.
        const impatient = `
import glob, os, sys
sys.path.insert(0, max(glob.glob("/usr/local/lib/holdfast/" + 16 * "[0-9a-f]"), key=os.path.getmtime))
from engine import packages
packages.APT[packages.APT.index("DPkg::Lock::Timeout=120")] = "DPkg::Lock::Timeout=1"
print(packages.install(["holdfast-test-one"]))`;
        const complaint = (await node.exec(["python3", "-c", impatient], { timeout: 60 })).stdout;
        expect(complaint).toMatch(
            /^apt-get install holdfast-test-one: exit status 100: .*\/var\/lib\/dpkg\/lock-frontend.* is another process using it\?/s,
        );
        await held;
        expect(await isInstalled("holdfast-test-one")).toBe(false);
    });
});

describe("together with one whose own script fails", () => {
    const broken = { files: {}, packages: ["holdfast-test-broken"] };
    const ours = {
        files: { [file]: "ours\n" },
        packages: ["holdfast-test-daemon"],
        units: { [unit]: { enabled: true, active: true } },
    };
    beforeEach(() =>
        shell(
            `systemctl disable --now ${unit} || true; apt-get -y -q purge 'holdfast-test-*' >/dev/null; systemctl daemon-reload; rm -rf /etc/holdfast-test /run/seen-by-daemon; mkdir -p /etc/holdfast-test`,
        ),
    );

    test("it is applied, and only the other one failed", async () => {
        const both = await Promise.all([push(client, ours), push(client, broken)]);
        expect(both.map(({ result }) => result)).toMatchObject([
            { outcome: "applied" },
            {
                outcome: "failed",
                phase: "stage",
                message: expect.stringContaining("its script has a reason") as string,
            },
        ]);
        expect(await readNodeFile(node, "/run/seen-by-daemon")).toBe("ours");
    });

    test("and refused itself, its daemon has never run, whichever of apt's runs has set it up", async () => {
        const both = await Promise.all([
            push(client, { ...ours, validate: [{ argv: ["false"] }] }),
            push(client, broken),
        ]);
        expect(both.map(({ result }) => result)).toMatchObject([
            { outcome: "failed", phase: "validate", undone: { state: "nothing" } },
            { outcome: "failed", phase: "stage" },
        ]);
        expect(
            await shell(
                `ls /run/seen-by-daemon 2>/dev/null || true; systemctl is-enabled ${unit} || true; systemctl is-active ${unit} || true`,
            ),
        ).toBe("disabled\ninactive");
    });
});

describe("interrupted while apt works", () => {
    const wanted = {
        files: { [file]: "ours\n" },
        packages: ["holdfast-test-daemon", "holdfast-test-slow"],
        units: { [unit]: { enabled: true, active: true } },
    };
    beforeEach(() =>
        shell(
            `systemctl disable --now ${unit} || true; touch /run/slow-goes; apt-get -y -q purge 'holdfast-test-*' >/dev/null; systemctl daemon-reload; rm -rf /etc/holdfast-test /run/seen-by-daemon /run/slow-*; mkdir -p /etc/holdfast-test`,
        ),
    );
    const isWaiting = () => shell("for i in $(seq 300); do test -e /run/slow-waits && exit 0; sleep 0.1; done; exit 1");
    const runner = async (id: string) =>
        (JSON.parse(await readNodeFile(node, `/run/holdfast/${id}/plan.json`)) as { unit: string }).unit;

    test.each([
        ["stopped, as a reboot does it", "systemctl stop --no-block"],
        ["killed", "systemctl kill --signal=KILL --kill-whom=main"],
    ])("%s: dpkg ends its work first, and then nothing was changed", async (_, command) => {
        const id = newId();
        const pushed = push(client, { ...wanted, id });
        await isWaiting();
        await shell(`${command} ${await runner(id)}; sleep 1; touch /run/slow-goes`);
        expect((await pushed).result).toMatchObject({
            outcome: "failed",
            code: "ended-early",
            undone: { state: "nothing" },
        });
        expect(await isInstalled("holdfast-test-slow")).toBe(true);
        expect(await shell("dpkg --audit; ls /etc/holdfast/journal; ls /run/seen-by-daemon 2>/dev/null || true")).toBe(
            "",
        );
        expect(await shell(`systemctl is-enabled ${unit} || true`)).toBe("disabled");
        expect((await push(client, wanted)).result.outcome).toBe("applied");
        expect(await readNodeFile(node, "/run/seen-by-daemon")).toBe("ours");
    });

    test("the node loses power: the service stays masked over the boot, and the next push has dpkg finish", async () => {
        const id = newId();
        const pushed = push(client, { ...wanted, id });
        await isWaiting();
        await node.kill();
        await node.start();
        expect((await pushed).result).toMatchObject({
            outcome: "failed",
            code: "went-down",
            undone: { state: "nothing" },
        });
        expect(await shell(`systemctl is-enabled ${unit} || true; ls /run/seen-by-daemon 2>/dev/null || true`)).toBe(
            "masked",
        );
        await shell("touch /run/slow-goes");
        expect((await push(client, wanted)).result.outcome).toBe("applied");
        expect(await readNodeFile(node, "/run/seen-by-daemon")).toBe("ours");
        expect(await shell("dpkg --audit; ls /etc/holdfast/journal")).toBe("");
    });
});
