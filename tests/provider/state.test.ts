/** The one comparison and the way in and out of Pulumi's values, for any FileSet. */
import type { Verdict } from "../../model/contract/verdict";
import fc from "fast-check";
import type { Look } from "../../host/look";
import { identityOf, type Observation, type SeenFile } from "../../host/observation";
import type { FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import { referTo } from "../../model/contract/ownProgram";
import { compare } from "../../provider/compare";
import type { FileSetState } from "../../provider/fileState";
import { planUpdate as planFrom } from "../../provider/plan";
import { RefusedError } from "../../provider/refused";
import { standingOf } from "../../provider/standing";
import { specOf, stateOf } from "../../provider/state";
import { decode, encode, mask } from "../../provider/wire";
import { secret, unknown } from "../helpers/plugin";
import "../helpers/soak";

const text = fc.string({ unit: "grapheme" });
const path = fc.stringMatching(/^\/(etc|srv)\/[a-z"'. $-]{1,12}$/);
const mode = fc.constantFrom("0644", "0600", "0755", "4755");
const owner = fc.constantFrom("root", "www-data");
const file: fc.Arbitrary<FileArgs> = fc.oneof(
    fc.record({ content: text, mode, owner, group: owner }),
    fc.record({ absent: fc.constant(true), mode, owner, group: owner }),
);
const fileSet: fc.Arbitrary<FileSetArgs> = fc.record({
    host: fc.constant({ name: "pve01", address: "192.0.2.11" }),
    concern: fc.constant("test"),
    files: fc.dictionary(path, file, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    packages: fc.uniqueArray(fc.constantFrom("smartmontools", "ipmitool", "curl")),
    units: fc.dictionary(
        fc.constantFrom("a.service", "b.timer"),
        fc.record({ enabled: fc.boolean(), active: fc.boolean() }, { requiredKeys: [] }),
        { noNullPrototype: true },
    ),
    facts: fc.dictionary(
        fc.constantFrom("resolves", "mount /"),
        fc.record({ probe: fc.constant("resolver"), value: fc.constantFrom("192.0.2.11", "mounted") }),
        { noNullPrototype: true },
    ),
});

/** The node on which everything is as `args` say. */
function told(text: string): Verdict {
    return { state: "ok", code: "seen", text };
}

function asDeclared(args: FileSetArgs): Observation {
    const seen = (one: FileArgs): SeenFile =>
        one.absent
            ? { kind: "absent" }
            : {
                  kind: "file",
                  content: one.content,
                  sha256: `of ${one.content}`,
                  mode: one.mode,
                  owner: one.owner,
                  group: one.group,
              };
    return {
        files: Object.fromEntries(Object.entries(args.files).map(([name, one]) => [name, seen(one)])),
        packages: args.packages ?? [],
        units: Object.fromEntries(
            Object.entries(args.units ?? {}).map(([name, unit]) => [
                name,
                { enabled: unit.enabled ?? false, active: unit.active ?? true, detail: "" },
            ]),
        ),
        facts: Object.fromEntries(Object.entries(args.facts ?? {}).map(([name, fact]) => [name, told(fact.value!)])),
    };
}

const look = (seen: Observation) => ({ hostname: "pve01", seen });
const options = { client: "test" };

function planUpdate(
    args: FileSetArgs,
    last: FileSetState | undefined,
    seen: Look,
    { client, secretFiles }: { client: string; secretFiles?: ReadonlySet<string> },
) {
    return planFrom(args, last, standingOf(args, last, seen), client, secretFiles);
}

/** One thing is otherwise than declared: how, and the property that has to say so. */
const changes: Record<string, (seen: Observation, args: FileSetArgs) => readonly [Observation, string] | undefined> = {
    "content of a file": (seen, args) =>
        changeFile(seen, args, (now) => ({ ...now, content: `${now.content}!`, sha256: "other" }), ".content"),
    "mode of a file": (seen, args) => changeFile(seen, args, (now) => ({ ...now, mode: "0000" }), ".mode"),
    "owner of a file": (seen, args) => changeFile(seen, args, (now) => ({ ...now, owner: "nobody" }), ".owner"),
    "group of a file": (seen, args) => changeFile(seen, args, (now) => ({ ...now, group: "nogroup" }), ".group"),
    "a file that is gone": (seen, args) => changeFile(seen, args, () => ({ kind: "absent" }), ""),
    "a link in its place": (seen, args) =>
        changeFile(seen, args, () => ({ kind: "symlink", detail: "/elsewhere" }), ".instead"),
    "bytes that only look alike": (seen, args) =>
        changeFile(seen, args, (now) => ({ ...now, binary: true }), ".content"),
    "a file that should not be": (seen, args) => {
        const name = Object.keys(args.files).find((each) => args.files[each]?.absent);
        return name === undefined
            ? undefined
            : [
                  {
                      ...seen,
                      files: {
                          ...seen.files,
                          [name]: { kind: "file", content: "", mode: "0644", owner: "root", group: "root" },
                      },
                  },
                  "files",
              ];
    },
    "a package": (seen, args) =>
        args.packages?.length ? [{ ...seen, packages: args.packages.slice(1) }, "packages"] : undefined,
    "a unit": (seen, args) => {
        const [name, wanted] = Object.entries(args.units ?? {}).find(([, unit]) => unit.active !== undefined) ?? [];
        return name === undefined
            ? undefined
            : [
                  { ...seen, units: { ...seen.units, [name]: { ...seen.units[name]!, active: !wanted!.active } } },
                  ".active",
              ];
    },
    "a fact": (seen) => {
        const [name] = Object.keys(seen.facts);
        return name === undefined
            ? undefined
            : [{ ...seen, facts: { ...seen.facts, [name]: told("127.0.1.1") } }, "value"];
    },
};

function changeFile(
    seen: Observation,
    args: FileSetArgs,
    change: (now: SeenFile) => SeenFile,
    suffix: string,
): readonly [Observation, string] | undefined {
    const name = Object.keys(args.files).find((each) => !args.files[each]?.absent);
    return name === undefined
        ? undefined
        : [{ ...seen, files: { ...seen.files, [name]: change(seen.files[name]!) } }, suffix];
}

describe("compare", () => {
    test("finds nothing on a node that is as declared, and there is nothing to do", () => {
        fc.assert(
            fc.property(fileSet, (args) => {
                const seen = asDeclared(args);
                expect(compare(stateOf(args, seen), args)).toEqual([]);
                expect(planUpdate(args, stateOf(args, seen), look(seen), options)).toBeUndefined();
            }),
        );
    });

    test.each(Object.entries(changes))("reports %s", (_, change) => {
        let seenOnce = false;
        fc.assert(
            fc.property(fileSet, (args) => {
                const changed = change(asDeclared(args), args);
                if (!changed) return;
                seenOnce = true;
                const differences = compare(stateOf(args, changed[0]), args);
                expect(differences).toHaveLength(1);
                expect(differences[0]!.path).toContain(changed[1]);
            }),
        );
        expect(seenOnce).toBe(true);
    });
});

describe("planUpdate", () => {
    const args: FileSetArgs = {
        host: { name: "pve01", address: "192.0.2.11" },
        concern: "test",
        files: { "/etc/motd": { content: "declared\n", mode: "0644", owner: "root", group: "root" } },
    };
    const withContent = (content: string): Observation => ({
        ...asDeclared(args),
        files: { "/etc/motd": { kind: "file", content, sha256: content, mode: "0644", owner: "root", group: "root" } },
    });

    test("replaces what a first push finds, expecting to find just that at the commit", () => {
        const seen = withContent("before Holdfast\n");
        const plan = planUpdate({ ...args, takeOver: true }, undefined, look(seen), options);
        expect(plan).toMatchObject({
            client: "test",
            files: { "/etc/motd": { content: "declared\n", was: identityOf(seen.files["/etc/motd"]!) } },
        });
    });

    test("gives the same work the same name, and other work another", () => {
        const idOf = (content: string, wanted = args) =>
            (
                planUpdate({ ...wanted, takeOver: true }, undefined, look(withContent(content)), options) as {
                    id: string;
                }
            ).id;
        expect(idOf("a")).toBe(idOf("a"));
        expect(idOf("a")).not.toBe(idOf("b"));
        expect(idOf("a")).not.toBe(idOf("a", { ...args, concern: "other" }));
    });

    test("repairs what the last look saw, and what a killed client had pushed already", () => {
        const last = stateOf(args, withContent("drifted\n"));
        expect(planUpdate(args, last, look(withContent("drifted\n")), options)).toMatchObject({
            files: { "/etc/motd": {} },
        });
        expect(planUpdate(args, last, look(withContent("declared\n")), options)).toBeUndefined();
    });

    test("refuses an edit that nobody has seen, with the difference and the way on", () => {
        const last = stateOf(args, withContent("pushed\n"));
        const plan = () => planUpdate(args, last, look(withContent("pushed\nhotfix\n")), options);
        expect(plan).toThrow(RefusedError);
        expect(plan).toThrow(/^pve01: edited on the node since the last look[^]*`pulumi up --refresh`[^]*^\+hotfix$/m);
    });

    test("shows nothing of a secret file that was edited", () => {
        const last = stateOf(args, withContent("old secret\n"));
        const plan = () =>
            planUpdate(args, last, look(withContent("another secret\n")), {
                ...options,
                secretFiles: new Set(["/etc/motd"]),
            });
        expect(plan).toThrow("/etc/motd: was edited; its content is secret");
        expect(plan).not.toThrow(/(old|another) secret/);
    });

    test("refuses an unseen change of mode or kind, in words", () => {
        const last = stateOf(args, withContent("pushed\n"));
        const now = withContent("pushed\n");
        expect(() =>
            planUpdate(
                args,
                last,
                look({ ...now, files: { "/etc/motd": { ...now.files["/etc/motd"]!, mode: "0666" } } }),
                options,
            ),
        ).toThrow("/etc/motd: was mode 0644, owner root:root, is mode 0666, owner root:root");
        expect(() =>
            planUpdate(
                args,
                last,
                look({ ...now, files: { "/etc/motd": { kind: "symlink", detail: "/tmp/x" } } }),
                options,
            ),
        ).toThrow("is symlink to /tmp/x");
    });

    test("refuses an unseen change of a unit, and leaves one alone that went the declared way", () => {
        const units = { "a.service": { active: true } };
        const at = (active: boolean): Observation => ({
            ...asDeclared(args),
            units: { "a.service": { enabled: false, active, detail: "" } },
        });
        const wanted = { ...args, units };
        expect(() => planUpdate(wanted, stateOf(wanted, at(true)), look(at(false)), options)).toThrow(
            "a.service: active was true, is false",
        );
        expect(planUpdate(wanted, stateOf(wanted, at(false)), look(at(true)), options)).toBeUndefined();
    });

    test("a file that holds the engine's word for an unknown value is said in words: the engine would take it for one", () => {
        const state = stateOf(args, withContent(unknown));
        expect(state.files["/etc/motd"]).toEqual({
            instead: "file with the engine's word for a value that is not known yet",
        });
        expect(compare(state, args)).toHaveLength(1);
        expect(planUpdate(args, state, look(withContent(unknown)), options)).toMatchObject({
            files: { "/etc/motd": { content: "declared\n" } },
        });
    });

    test("has something to say where a unit leaves the FileSet", () => {
        const wanted = { ...args, units: { "a.service": { active: true } } };
        const state = stateOf(wanted, {
            ...asDeclared(args),
            units: { "a.service": { enabled: false, active: true, detail: "" } },
        });
        expect(compare(state, args)).toMatchObject([{ path: 'units["a.service"]', kind: "delete" }]);
    });

    test("knows another version of Holdfast's own program by its digest: what was pushed is no edit, anything else is one", () => {
        const at = (content: string) => stateOf(args, withContent(content)).files["/etc/motd"]!;
        const { content: _, ...attributes } = at("");
        const last = {
            ...stateOf(args, withContent("")),
            files: { "/etc/motd": { ...attributes, otherProgram: referTo("old\n", "old\n") } },
        };
        expect(planUpdate(args, last, look(withContent("old\n")), options)).toMatchObject({
            files: { "/etc/motd": { content: "declared\n" } },
        });
        expect(() => planUpdate(args, last, look(withContent("old, edited\n")), options)).toThrow(
            "/etc/motd: was another version of Holdfast's own program, and is another text now",
        );
        expect(() =>
            planUpdate(
                args,
                last,
                look({
                    ...withContent("old\n"),
                    files: { "/etc/motd": { ...withContent("old\n").files["/etc/motd"]!, mode: "0666" } },
                }),
                options,
            ),
        ).toThrow("was mode 0644");
        const edited = {
            ...last,
            files: { "/etc/motd": { ...attributes, otherProgram: referTo("old\n", "old\nedited\n") } },
        };
        expect(planUpdate(args, edited, look(withContent("old\nedited\n")), options)).toMatchObject({
            files: { "/etc/motd": { content: "declared\n" } },
        });
        expect(
            compare(stateOf({ ...args, files: edited.files }, withContent("old\nedited\n")), {
                ...args,
                files: edited.files,
            }),
        ).toEqual([]);
        expect(() => planUpdate({ ...args, files: last.files }, undefined, look(withContent("x\n")), options)).toThrow(
            "run pulumi with one version of Holdfast",
        );
    });

    test("refuses what the lints find with the node's facts", () => {
        const fstab: FileSetArgs = {
            ...args,
            files: {
                "/etc/fstab": {
                    content: "UUID=0a1b / ext4 defaults 0 1\n/dev/sdb1 /srv ext4 defaults 0 2\n",
                    mode: "0644",
                    owner: "root",
                    group: "root",
                },
            },
        };
        expect(() =>
            planUpdate(
                fstab,
                undefined,
                look({ ...asDeclared(fstab), files: { "/etc/fstab": { kind: "absent" } } }),
                options,
            ),
        ).toThrow(/^pve01: refused before anything was staged:\n\/etc\/fstab:2:1: /);
    });
});

describe("specOf", () => {
    test("asks for what is declared and nothing else", () => {
        fc.assert(
            fc.property(fileSet, (args) => {
                const spec = specOf(args);
                expect([Object.keys(spec.files), Object.keys(spec.facts)]).toEqual([
                    Object.keys(args.files),
                    Object.keys(args.facts ?? {}),
                ]);
                expect([spec.units, spec.packages]).toEqual([Object.keys(args.units ?? {}), args.packages]);
            }),
        );
    });
});

describe("wire", () => {
    const plain = fc.letrec<{ value: unknown }>((tie) => ({
        value: fc.oneof(
            { maxDepth: 4 },
            fc.string(),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.boolean(),
            fc.constant(null),
            fc.array(tie("value"), { maxLength: 4 }),
            fc.dictionary(
                fc.string().filter((key) => key !== "__proto__"),
                tie("value"),
                { maxKeys: 4, noNullPrototype: true },
            ),
        ),
    })).value;
    const bag = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), plain, { noNullPrototype: true });

    test("decodes what it encoded", () => {
        fc.assert(fc.property(bag, (value) => expect(decode(encode(value))).toEqual({ value, secrets: [] })));
    });

    test("wraps every secret again on the way back, wherever it stood", () => {
        fc.assert(
            fc.property(bag, plain, fc.stringMatching(/^[a-z]{1,8}$/), (value, hidden, key) => {
                const given = { ...value, [key]: [secret(hidden), { deep: secret("x") }] };
                const { value: bare, secrets } = decode<Record<string, unknown>>(encode(given));
                expect(bare[key]).toEqual([hidden, { deep: "x" }]);
                // By path alone: an equal text in another place would be wrapped too.
                expect(encode(bare, { value: {}, secrets }).toJavaScript()).toEqual(encode(given).toJavaScript());
            }),
        );
    });

    test("whatever stands in the place of one of Holdfast's own programs comes back as it was", () => {
        const line = fc.oneof(fc.constantFrom("", "#!/bin/sh", referTo("x", "x"), referTo("x", "y")), fc.string());
        fc.assert(
            fc.property(
                fc.array(line).map((lines) => lines.join("\n")),
                (content) => {
                    const files = {
                        "/usr/local/lib/holdfast/mail": { content, mode: "0755" },
                        "/etc/hosts": { content },
                    };
                    const encoded = encode({ files });
                    expect(
                        (encoded.toJavaScript() as unknown as { files: typeof files }).files["/etc/hosts"].content,
                    ).toBe(content);
                    expect(decode(encoded).value).toEqual({ files });
                },
            ),
        );
    });

    test.each([
        "",
        "/",
        "x",
        `/etc/${"x".repeat(255)}`,
        `/${"x/".repeat(5000)}`,
        "/../x",
        "//etc/hosts",
        "/etc/\0",
        "constructor",
    ])("files at %j come back as they were", (target) => {
        const value = { files: { [target]: { content: "x" } } };
        expect(decode(encode(value)).value).toEqual(value);
    });

    test("leaves out what is undefined", () => {
        expect(encode({ a: undefined, b: { c: undefined } }).toJavaScript()).toEqual({ b: {} });
    });
});

describe("mask", () => {
    const decoded = (value: object) => decode(encode(value));

    test("leaves no line and no longer word of a secret, whatever surrounds it", () => {
        fc.assert(
            fc.property(
                text,
                fc.array(fc.stringMatching(/^[A-Za-z0-9+/]{8,24}$/), { minLength: 1, maxLength: 4 }),
                text,
                (before, words, after) => {
                    const given = decoded({
                        files: { "/etc/key": { content: secret(`token = ${words.join("\npassword=")}\n`) } },
                    });
                    const masked = mask(`${before}${words.join(" ")}${after}\n${words.join("\npassword=")}`, given);
                    for (const word of words) expect(masked).not.toContain(word);
                },
            ),
        );
    });

    describe("of msmtp's settings", () => {
        const msmtprc = (password: string) =>
            decoded({
                content: secret(
                    `# Managed by Holdfast: mail\naccount default\nhost relay.example.test\nuser holdfast\npassword "${password}"\n`,
                ),
            });
        test.each([
            "/usr/local/lib/holdfast/mail: Holdfast says no",
            "relay.example.test refuses the user holdfast",
            "a password is missing",
        ])("leaves what is no secret: %s", (message) => {
            expect(mask(message, msmtprc("hunter22"))).toBe(message);
        });
        test.each([
            ["swordfish9", "msmtp: cannot use swordfish9x as it is", "msmtp: cannot use [secret]x as it is"],
            ["fish", 'line 5: password "fish"', "line 5: [secret]"],
            ["fish", "refused: fish", "refused: [secret]"],
            ["ab", "refused: 'ab', though absolutely right", "refused: '[secret]', though absolutely right"],
            ["a.b", "refused: a.b, not axb", "refused: [secret], not axb"],
        ])("takes out the password %s, however short", (password, message, expected) => {
            expect(mask(message, msmtprc(password))).toBe(expected);
        });
    });

    test("takes out secrets inside objects and lists, of every value that is given", () => {
        expect(
            mask(
                "a: swordfish, b: battery-staple",
                decoded({ a: secret(["swordfish"]) }),
                decoded({ b: secret({ deep: "battery-staple" }) }),
            ),
        ).toBe("a: [secret], b: [secret]");
    });

    test("leaves messages without a secret as they are", () => {
        fc.assert(fc.property(text, (message) => expect(mask(message, decoded({ a: "plain" }))).toBe(message)));
    });
});

test("a fact that is skipped on the node stands in state as it did before, and is no difference", () => {
    const host = { name: "pve01", address: "192.0.2.11" };
    const declared = { host, concern: "ipmievd", files: {}, facts: { bmc: { probe: "ipmievd", value: "in syslog" } } };
    const empty = { files: {}, packages: [], units: {} };
    const bmc: Verdict = { state: "skipped", code: "no-bmc", text: "this node has no BMC" };
    const skipped = stateOf(declared, { ...empty, facts: { bmc } });
    expect(skipped.observed.facts).toEqual({ bmc: "not checked: this node has no BMC" });
    expect(compare(skipped, declared)).toEqual([]);
    const unknown = stateOf(declared, { ...empty, facts: { bmc: { ...bmc, state: "unknown" } } });
    expect(compare(unknown, declared)).toMatchObject([{ path: "facts.bmc.value", kind: "update" }]);
});

describe("a first push", () => {
    const file = { mode: "0644", owner: "root", group: "root" };
    const args: FileSetArgs = {
        host: { name: "pve01", address: "192.0.2.11" },
        concern: "test",
        files: { "/etc/x": { content: "declared\n", ...file } },
    };
    const seen: Observation = {
        files: { "/etc/x": { kind: "file", content: "somebody's\n", sha256: "s", ...file } },
        packages: [],
        units: {},
        facts: {},
    };
    const plan = (given: object, origins?: Record<string, "holdfast" | "package" | "installer">, last?: object) => () =>
        planUpdate({ ...args, ...given }, last as never, { ...look(seen), origins }, options);

    test("shows somebody's own file and stops, with both ways on", () => {
        expect(plan({})).toThrow(RefusedError);
        expect(plan({})).toThrow(/-somebody's\n\+declared/);
        expect(plan({})).toThrow(/`pulumi import` of pve01\/test.*takeOver: true/);
    });

    test.each(["package", "installer", "holdfast"] as const)("replaces what a %s brought", (origin) => {
        expect(plan({}, { "/etc/x": origin })()).toMatchObject({ files: { "/etc/x": { content: "declared\n" } } });
    });

    test("replaces it where the stack says so, and where state knows the file", () => {
        expect(plan({ takeOver: true })()).toMatchObject({ files: { "/etc/x": {} } });
        const last = { ...args, files: { "/etc/x": { content: "somebody's\n", ...file } } };
        expect(plan({}, undefined, last)()).toMatchObject({ files: { "/etc/x": {} } });
    });

    test("goes for a file that a later version adds, too, and never shows a secret one", () => {
        expect(plan({}, undefined, { ...args, files: {} })).toThrow(/-somebody's/);
        const secretOnes = { client: "test", secretFiles: new Set(["/etc/x"]) };
        expect(() => planUpdate(args, undefined, look(seen), secretOnes)).toThrow(
            /^(?![^]*somebody)[^]*its content is secret/,
        );
    });

    test("does not stop where the text is as declared already", () => {
        const same = { files: { "/etc/x": { content: "somebody's\n", ...file, mode: "0600" } } };
        expect(plan(same)()).toMatchObject({ files: { "/etc/x": { mode: "0600" } } });
    });
});
