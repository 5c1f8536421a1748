/**
 * `npm run advisories`: what is known against the pinned npm packages and Go modules. Exit status 0 nothing, 2
 * something, 1 could not tell. It needs npm's registry and https://vuln.go.dev, so it is no part of `npm test`.
 */
const { spawnSync } = require("node:child_process");
const { join } = require("node:path");

const root = join(__dirname, "..");
const govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.1.4";
/** @typedef {"nothing" | "something" | "could not tell"} Verdict */

/**
 * npm's exit status is 1 for both: only a report has the counts.
 * @param {string} report
 * @returns {Verdict}
 */
function judgeNpm(report) {
    try {
        const counts = JSON.parse(report).metadata?.vulnerabilities;
        if (counts === undefined) return "could not tell";
        return counts.total === 0 ? "nothing" : "something";
    } catch {
        return "could not tell";
    }
}

/**
 * @param {number | null} status of govulncheck
 * @returns {Verdict}
 */
function judgeGo(status) {
    return status === 0 ? "nothing" : status === 3 ? "something" : "could not tell";
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd = root) {
    return spawnSync(command, args, { cwd, encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 28 });
}

function main() {
    /** @type {[string, Verdict, string][]} */
    const verdicts = [];
    const npm = run("npm", ["audit", "--json"]);
    verdicts.push(["npm packages", judgeNpm(npm.stdout), run("npm", ["audit"]).stdout || npm.stderr]);
    for (const module of ["pulumi", "language-nodejs"]) {
        const go = run("go", ["run", govulncheck, "tool"], join(root, "toolchain", module));
        verdicts.push([`Go modules of ${module}`, judgeGo(go.status), go.stdout + go.stderr]);
    }
    for (const [what, verdict, text] of verdicts) {
        console.log(`${what}: ${verdict}`);
        if (verdict !== "nothing") console.log(text.trim().replace(/^/gm, "    "));
    }
    const all = verdicts.map(([, verdict]) => verdict);
    process.exitCode = all.includes("could not tell") ? 1 : all.includes("something") ? 2 : 0;
}

if (require.main === module) main();

module.exports = { judgeGo, judgeNpm };
