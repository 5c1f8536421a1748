/** Go, and how a module of ours is built with it. Core modules only: it runs before node_modules is there. */
const { spawn } = require("node:child_process");
const { chmodSync, readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { installPackages } = require("./debian");
const { output, step } = require("./step");
const { isAtLeast, toolchain } = require("./toolchain");

/**
 * Used where the installed Go is older than the modules want (Debian's is): Go's own release, through the module proxy.
 */
const pinnedGo = "1.26.8";

/**
 * A module below toolchain/, to one static program.
 * @param {string} go
 * @param {{ module: string, package: string, flags: string }} target
 * @param {string} file
 * @returns {Promise<void>}
 */
function compile(go, target, file) {
    const cwd = join(toolchain, target.module);
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" };
    const child = spawn(go, ["build", "-v", "-trimpath", "-ldflags", target.flags, "-o", file, target.package], {
        cwd,
        env,
        stdio: ["ignore", "inherit", "pipe"],
    });
    return new Promise((resolve, reject) => {
        let packages = 0;
        let text = "";
        child.stderr.on("data", (data) => {
            const chunk = String(data);
            packages += chunk.split("\n").length - 1;
            text = (text + chunk).slice(-4000);
        });
        const progress = setInterval(() => console.log(`setup:   ${packages} downloads and packages so far`), 15_000);
        child.once("error", reject);
        child.once("close", (code) => {
            clearInterval(progress);
            if (code === 0) resolve();
            else reject(new Error(`go build ${target.package}: exit status ${code}\n${text}`));
        });
    });
}

/**
 * A Go that is new enough for the modules: the installed one, or the pinned one that it fetches.
 * @returns {Promise<string>}
 */
async function ensureGo() {
    let go = findGo();
    if (go === undefined) {
        await installPackages(["golang-go", "ca-certificates"], "building pulumi (there is none on PATH)");
        go = findGo();
    }
    if (go === undefined) throw new Error("no Go compiler was found: install Go, or pulumi itself");
    const wanted = /^go (\S+)$/m.exec(readFileSync(join(toolchain, "pulumi", "go.mod"), "utf8"))?.[1] ?? pinnedGo;
    if (isAtLeast(output(go, ["env", "GOVERSION"], { env: { ...process.env, GOTOOLCHAIN: "local" } }) ?? "0", wanted))
        return go;
    const installed = go;
    return step(`fetching Go ${pinnedGo}, since the installed one is older than ${wanted}`, () => fetchGo(installed));
}

/**
 * Go's releases are modules too. The `go` command checks them against the public checksum database; asking for the
 * module, rather than setting GOTOOLCHAIN, also works with a Go that is older than that feature (Debian 12's).
 * @param {string} go
 * @returns {string}
 */
function fetchGo(go) {
    const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
    const json = output(go, ["mod", "download", "-json", `golang.org/toolchain@v0.0.1-go${pinnedGo}.${platform}`], {
        cwd: "/",
        maxBuffer: 1 << 24,
    });
    const folder = json === undefined ? undefined : /** @type {{ Dir?: string }} */ (JSON.parse(json)).Dir;
    if (folder === undefined)
        throw new Error(
            `Go ${pinnedGo} could not be fetched through Go's module proxy: install Go ${pinnedGo} or newer, or pulumi itself`,
        );
    // Files of a module are not executable.
    const tools = join(folder, "pkg", "tool", platform.replace("-", "_"));
    for (const parent of [join(folder, "bin"), tools]) {
        for (const name of readdirSync(parent)) chmodSync(join(parent, name), 0o555);
    }
    return join(folder, "bin", "go");
}

/** @returns {string | undefined} */
function findGo() {
    const candidates = ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"];
    return candidates.find((candidate) => output(candidate, ["env", "GOVERSION"]) !== undefined);
}

module.exports = { compile, ensureGo };
