/**
 * What is installed and built: exact versions with the hash of their content, licences, and no script that runs
 * unasked.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { judgeGo, judgeNpm } from "../../scripts/advisories";

const root = resolve(__dirname, "../..");
const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");

interface Locked {
    readonly version?: string;
    readonly integrity?: string;
    readonly resolved?: string;
    readonly license?: string;
    readonly hasInstallScript?: boolean;
    readonly link?: boolean;
}

describe("npm", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
        string,
        Record<string, string>
    >;
    const { "": ours, ...locked } = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> })
        .packages;
    const named = (problem: (locked: Locked) => boolean) =>
        Object.keys(locked).filter((name) => problem(locked[name]!));

    test("every dependency is named with one exact version, the same in the lock file", () => {
        for (const version of Object.values({ ...dependencies, ...devDependencies }))
            expect(version).toMatch(/^\d+\.\d+\.\d+$/);
        expect(ours).toMatchObject({ dependencies, devDependencies });
    });

    test("everything that is installed has the hash of its content, and comes from a registry", () => {
        expect(named(({ integrity, link }) => link === true || !/^sha512-/.test(integrity ?? ""))).toEqual([]);
        expect(named(({ resolved }) => /^(?:git|http:|file:)/.test(resolved ?? ""))).toEqual([]);
    });

    test("its licences are among those that may be passed on", () => {
        const free =
            /^\(?(?:MIT(?:\/X11)?|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Python-2\.0|MPL-2\.0|CC0-1\.0|CC-BY-[34]\.0|Unlicense)(?: (?:AND|OR) (?:MIT|Apache-2\.0|CC0-1\.0))?\)?$/;
        // In the old form of package.json, which npm does not copy (MIT all three); and one that names its file, which
        // is MIT.
        const looked = /^node_modules\/(?:ssh2|cpu-features|buildcheck|@logdna\/tail-file)$/;
        expect(named(({ license }) => !free.test(license ?? "")).filter((name) => !looked.test(name))).toEqual([]);
    });

    test("no install script runs, and which packages have one is known", () => {
        expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
        expect(
            named(({ hasInstallScript }) => hasInstallScript === true).map((name) =>
                name.replace(/.*node_modules\//, ""),
            ),
        ).toEqual([
            "@parcel/watcher",
            "@pulumi/command",
            "@swc/core",
            "cpu-features",
            "protobufjs",
            "ssh2",
            "unrs-resolver",
        ]);
    });
});

describe.each(["pulumi", "language-nodejs", "proxmoxve-bridge", "s3-server"])("the Go modules of %s", (module) => {
    const required = [...read("toolchain", module, "go.mod").matchAll(/^(?:\t|require )(\w\S+) (v\S+)/gm)].map(
        ([, path, version]) => `${path} ${version}`,
    );
    const sums = read("toolchain", module, "go.sum");

    test("are each of one version, whose hash is in go.sum", () => {
        expect(required.length).toBeGreaterThan(module === "s3-server" ? 3 : 30);
        const replaced = /^github\.com\/(?:atotto\/clipboard|hashicorp\/terraform-plugin-sdk\/v2) /;
        expect(required.filter((line) => !replaced.test(line) && !sums.includes(`${line} h1:`))).toEqual([]);
    });

    test("replace nothing but what Pulumi itself replaces", () => {
        const replacements = read("toolchain", module, "go.mod").match(/^replace .*$/gm) ?? [];
        // Pulumi's bridge needs Pulumi's fork of the SDK.
        const pulumis =
            /^replace github\.com\/(?:atotto\/clipboard => github\.com\/tgummerer\/clipboard|hashicorp\/terraform-plugin-sdk\/v2 => github\.com\/pulumi\/terraform-plugin-sdk\/v2) v\S+$/;
        expect(replacements.filter((line) => !pulumis.test(line))).toEqual([]);
    });
});

test.each([[["scripts"]], [["bench", "peers"]]])(
    "Python packages of %s are each of one version, with hashes",
    (folder) => {
        const entries = read(...folder, "requirements.txt")
            .replace(/^#.*\n/gm, "")
            .split(/\n(?=\S)/);
        expect(entries.length).toBeGreaterThan(3);
        for (const entry of entries)
            expect(entry).toMatch(/^[a-z0-9-]+==[\d.]+(?:post\d+)? \\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+$/);
    },
);

test("what was asked is told from what could not be asked", () => {
    expect(judgeNpm('{"metadata":{"vulnerabilities":{"high":0,"total":0}}}')).toBe("nothing");
    expect(judgeNpm('{"metadata":{"vulnerabilities":{"high":1,"total":1}}}')).toBe("something");
    expect(judgeNpm('{"message":"405 Method Not Allowed","statusCode":405}')).toBe("could not tell");
    expect(judgeNpm("")).toBe("could not tell");
    expect([0, 3, 1, null].map(judgeGo)).toEqual(["nothing", "something", "could not tell", "could not tell"]);
});
