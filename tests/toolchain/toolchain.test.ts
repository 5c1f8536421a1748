import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { missingPackages } from "../../toolchain/debian";
import { findMissing } from "../../scripts/dependencies";
import { groupStatus } from "../../toolchain/step";
import { builtFolder, isAtLeast, pulumiEnvironment } from "../../toolchain/toolchain";

describe("versions", () => {
    test.each([
        ["v3.259.0", "3.200.0", true],
        ["v3.200.0", "3.200.0", true],
        ["v3.99.9", "3.200.0", false],
        ["3.200.0-alpha.1", "3.200.0", true],
        ["go1.19.8", "1.26", false],
        ["go1.26.8", "1.26", true],
        ["go2.0", "1.26", true],
        ["v20.20.2", "20", true],
        ["v18.19.0", "20", false],
        ["", "1", false],
    ])("%s is at least %s: %s", (version, oldest, expected) => {
        expect(isAtLeast(version, oldest)).toBe(expected);
    });
});

describe("node_modules", () => {
    const wanted = {
        "": { version: "0.1.0" },
        "node_modules/yaml": { version: "2.9.1", integrity: "sha512-a" },
        "node_modules/other-platform": { version: "1.0.0", integrity: "sha512-b", optional: true },
    };

    test("are complete without the packages of other platforms", () => {
        expect(findMissing(wanted, { "node_modules/yaml": { version: "2.9.1", integrity: "sha512-a" } })).toEqual([]);
    });

    test("are incomplete where a package is absent, older, or of other content", () => {
        expect(findMissing(wanted, {})).toEqual(["node_modules/yaml"]);
        expect(findMissing(wanted, { "node_modules/yaml": { version: "2.9.0", integrity: "sha512-a" } })).toEqual([
            "node_modules/yaml",
        ]);
        expect(findMissing(wanted, { "node_modules/yaml": { version: "2.9.1", integrity: "sha512-c" } })).toEqual([
            "node_modules/yaml",
        ]);
    });

    test("are incomplete where an optional package is there in another version", () => {
        const installed = {
            "node_modules/yaml": { version: "2.9.1", integrity: "sha512-a" },
            "node_modules/other-platform": { version: "0.9.0", integrity: "sha512-z" },
        };
        expect(findMissing(wanted, installed)).toEqual(["node_modules/other-platform"]);
    });
});

describe("Debian packages", () => {
    test("are asked for once each, and only for commands that are not there", () => {
        const commands = { ip: "iproute2", losetup: "mount", mount: "mount", ssh: "openssh-client" };
        expect(missingPackages(commands, (command) => command === "ssh")).toEqual(["iproute2", "mount"]);
        expect(missingPackages(commands, () => true)).toEqual([]);
    });
});

describe("the built pulumi", () => {
    test("lies in the user's cache, in a folder named by what it is built from", () => {
        const before = process.env.XDG_CACHE_HOME;
        process.env.XDG_CACHE_HOME = "/cache";
        try {
            expect(builtFolder()).toMatch(/^\/cache\/holdfast\/toolchain\/[0-9a-f]{16}$/);
        } finally {
            if (before === undefined) delete process.env.XDG_CACHE_HOME;
            else process.env.XDG_CACHE_HOME = before;
        }
    });

    test("comes before anything else on PATH; the user's own is left where it is", () => {
        expect(pulumiEnvironment("/built").PATH).toBe(`/built:${process.env.PATH}`);
        expect(pulumiEnvironment(undefined).PATH).toBe(process.env.PATH);
    });
});

describe("set-up tells", () => {
    const root = join(__dirname, "..", "..");
    const node = (program: string, options: object = {}) =>
        spawnSync(process.execPath, ["--eval", program], { cwd: root, encoding: "utf8", ...options });

    test("who is not root the exact command to run", () => {
        // 65534 is nobody, everywhere.
        const { stderr } = node(
            'process.setuid?.(65534); require("./toolchain/debian").installPackages(["zsh", "fish"], "the test").catch((error) => console.error(error.message))',
        );
        expect(stderr).toContain(
            "the test needs packages that are not installed. Run:\n\n    sudo apt-get install --yes --no-install-recommends zsh fish\n",
        );
    });

    test("what takes long, before it begins and with its seconds after", () => {
        const { stdout } = node(
            'require("./toolchain/step").step("building", () => new Promise((done) => setTimeout(done, 1100)))',
        );
        expect(stdout).toMatch(/^setup: building …\nsetup: building: done after 1 s\n$/);
    });
});

test("an interrupted command takes along what it has started, and the status waits for that", async () => {
    const abort = new AbortController();
    const minute = `${60 + Math.random()}`; // found again by its argument
    const isThere = () => spawnSync("pgrep", ["--full", "--exact", `sleep ${minute}`]).status === 0;
    const ended = groupStatus("sh", ["-c", `sleep ${minute} & sleep ${minute}`], { signal: abort.signal });
    for (let attempt = 0; attempt < 100 && !isThere(); attempt++)
        await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isThere()).toBe(true);
    abort.abort();
    expect(await ended).toBe(128 + 9);
    expect(isThere()).toBe(false);
});
