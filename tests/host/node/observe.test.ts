import type { Verdict } from "../../../model/contract/verdict";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { identityOf, type SeenFile } from "../../../host/observation";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

const observe = (path: string, when?: string) =>
    python<SeenFile>("from look import observe\nanswer = observe.observe_file(given['path'], given.get('when'))", {
        path,
        when,
    });

test("a file has content, hash, mode and owner", async () => {
    const path = join(folder, "file");
    await writeFile(path, "ä\n");
    await chmod(path, 0o4640);
    expect(await observe(path)).toMatchObject({
        kind: "file",
        content: "ä\n",
        mode: "4640",
        sha256: "ac6f010e65c9ea739dbdaa21427edd5ef60c6d461ef4d619c003e3ab62453a56",
    });
});

test("bytes that are no UTF-8 are marked, and the hash is of the bytes", async () => {
    const path = join(folder, "binary");
    await writeFile(path, Buffer.from([0xff, 0x00, 0x41]));
    expect(await observe(path)).toMatchObject({
        kind: "file",
        binary: true,
        content: "\uFFFD\0A",
        sha256: "0fa3e62511779f0398b77cad37b3cc4763bb96253b91fcd61500f8a979ad9920",
    });
});

test.each<[string, (path: string) => Promise<unknown>, Partial<SeenFile>]>([
    ["a symbolic link, dangling or not", (path) => symlink("/nowhere", path), { kind: "symlink", detail: "/nowhere" }],
    ["a folder", (path) => mkdir(path), { kind: "folder" }],
    ["a fifo, without waiting for a writer", (path) => execa("mkfifo", [path]), { kind: "special" }],
    ["nothing", () => Promise.resolve(), { kind: "absent" }],
    [
        "a log in its place, without reading it",
        (path) => execa("truncate", ["-s", "1G", path]),
        { kind: "unreadable", detail: "1073741824 bytes, more than 1048576" },
    ],
])("%s", async (_, make, expected) => {
    const path = join(folder, "thing");
    await make(path);
    expect(await observe(path)).toEqual(expected);
});

test("a file below a file is absent", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await observe(join(folder, "file", "below"))).toEqual({ kind: "absent" });
});

test("`when` names a path without which a file is no concern of the node", async () => {
    expect(await observe(join(folder, "file"), join(folder, "absent"))).toMatchObject({ kind: "not applicable" });
    expect(await observe(join(folder, "file"), folder)).toEqual({ kind: "absent" });
});

test("a file that yields is no concern of the node where it is somebody else's, and is not read", async () => {
    const path = join(folder, "msmtprc");
    const look = () =>
        python<SeenFile>(
            "from look import observe\nanswer = observe.observe({'files': {given: {'yields': True}}})['files'][given]",
            path,
        );
    expect(await look()).toEqual({ kind: "absent" });
    await writeFile(path, "# Managed by Holdfast: mail\nhost a\n");
    expect(await look()).toMatchObject({ kind: "file" });
    await writeFile(path, "account default\npassword hunter2\n");
    expect(await look()).toEqual({ kind: "not applicable", detail: "somebody else's, it stays" });
    await rm(path);
    await symlink("/nowhere", path);
    expect(await look()).toMatchObject({ kind: "not applicable" });
});

test("both sides mean the same by a file's identity", async () => {
    await writeFile(join(folder, "file"), "x");
    await symlink("target", join(folder, "link"));
    for (const path of ["file", "link", "absent"].map((name) => join(folder, name))) {
        const [seen, identity] = await python<[SeenFile, (string | null)[]]>(
            "from look import observe\nseen = observe.observe_file(given)\nanswer = [seen, observe.identity(seen)]",
            path,
        );
        expect(identityOf(seen)).toEqual(identity);
    }
});

test("a unit that systemctl does not answer for says nothing of the others", async () => {
    const units = await python<Record<string, object>>(`
from engine import commands
from look import observe
def show(argv, limit=0):
    names = argv[argv.index("--") + 1:]
    blocks = []
    for name in names:
        if "@." in name:
            return commands.Outcome(1, "\\n\\n".join(blocks), "Failed to get properties: Unit name is neither a valid invocation ID nor unit name")
        blocks.append(f"Id={name}\\nLoadState=loaded\\nActiveState=active\\nUnitFileState=enabled")
    return commands.Outcome(0, "\\n\\n".join(blocks), "")
commands.run = show
answer = observe.observe_units(["a.service", "b@.service", "c.service"])`);
    expect(units).toEqual({
        "a.service": { enabled: true, active: true, detail: "enabled, active" },
        "b@.service": {
            enabled: false,
            active: false,
            detail: expect.stringMatching(/^unreadable: exit status 1: Failed/) as string,
        },
        "c.service": { enabled: true, active: true, detail: "enabled, active" },
    });
});

test("a probe that fails says so, and the others are heard", async () => {
    const spec = { facts: { name: { probe: "hostname" }, broken: { probe: "mount" } } };
    const { facts } = await python<{ facts: Record<string, Verdict> }>(
        "from look import observe\nanswer = observe.observe(given)",
        spec,
    );
    expect(facts.broken).toMatchObject({
        state: "unknown",
        code: "probe-failed",
        text: expect.stringMatching(/^unknown: TypeError: /) as string,
    });
    expect(facts.name).toMatchObject({ state: "ok", code: "seen" });
});

test("a look asks the resolver once for a name, and the next look asks again", async () => {
    const script = `
from engine import commands
from look import observe
addresses, asked = ["192.0.2.11", "127.0.1.1"], []
def run(argv, *_, **__):
    asked.append(argv)
    return commands.Outcome(0, f"{addresses[0]} STREAM\\n", "")
commands.run = run
spec = {"facts": {family: {"probe": "resolver", "args": ["pve01", family]} for family in ("4", "6")}}
looks = [observe.observe(spec)["facts"]]
addresses.pop(0)
looks.append(observe.observe(spec)["facts"])
answer = [*({name: fact["text"] for name, fact in look.items()} for look in looks), len(asked)]`;
    expect(await python(script, {})).toEqual([
        { 4: "192.0.2.11", 6: "unresolved" },
        { 4: "loopback 127.0.1.1", 6: "unresolved" },
        2,
    ]);
});
