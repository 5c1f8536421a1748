/** `npm test`: set-up, static checks, all jest projects, and one line for the whole run. */
const { mkdirSync, readFileSync, rmSync } = require("node:fs");
const { join } = require("node:path");
const { afterSetUp } = require("./setup");
const { ensureStaticChecks, staticChecks, tool } = require("./staticChecks");
const { ensureBridge } = require("../toolchain/bridge");
const { ensureS3Server } = require("../toolchain/s3Server");
const { groupStatus, status } = require("../toolchain/step");

const root = join(__dirname, "..");

/**
 * Each of jest's workers has a lab of its own, since the files of `lab` share its nodes. They wait for nodes half of
 * the time.
 */
const labWorkers = 2;
/**
 * A virtual machine takes both processors: one file at a time, minutes each. In CI always, else with `npm run test:vm`.
 */
const machines = { vm: ["--runInBand"] };
const nodes = { fast: [], lab: [`--maxWorkers=${labWorkers}`] };
const projects = process.env.HOLDFAST_VM ? machines : process.env.CI ? { ...nodes, ...machines } : nodes;

/** @typedef {{ passed: number, failed: number }} Count */

afterSetUp(async (environment) => {
    await ensureStaticChecks();
    // Minutes, once: no test's time limit should have to bear it.
    await ensureBridge();
    await ensureS3Server();
    const env = {
        ...environment,
        HOLDFAST_LAB: `test-${process.pid}`,
        ...(process.env.HOLDFAST_LAB ? { HOLDFAST_LAB: process.env.HOLDFAST_LAB } : {}),
    };
    /** @type {Count[]} */
    const counts = [];
    let interrupted = false;
    /** @type {AbortController} */
    const abort = new AbortController();
    for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
        process.once(name, () => {
            interrupted = true;
            abort.abort();
        });
    }
    try {
        for (const [name, command] of Object.entries(staticChecks())) {
            if (!interrupted) counts.push(await runCheck(name, command, { env, signal: abort.signal }));
        }
        for (const [project, options] of Object.entries(projects)) {
            if (!interrupted) counts.push(await runJest(project, options, { env, signal: abort.signal }));
        }
    } finally {
        // jest does not run its teardown when it is stopped.
        const own = ["vm", "bookworm", "upgrade"];
        const workers = Array.from({ length: labWorkers - 1 }, (_, index) => String(index + 2));
        const suffixes = process.env.HOLDFAST_LAB ? own : ["", ...own, ...workers];
        for (const id of suffixes.map((suffix) => [env.HOLDFAST_LAB, suffix].filter(Boolean).join("-")))
            await status(process.execPath, ["cli/holdfast.js", "lab", "down", "--id", id], { cwd: root });
    }
    const total = counts.reduce((sum, count) => ({
        passed: sum.passed + count.passed,
        failed: sum.failed + count.failed,
    }));
    if (interrupted) console.log("interrupted");
    if (!("vm" in projects))
        console.log("not part of this run: real boots in virtual machines, minutes each without KVM (npm run test:vm)");
    console.log(`${total.passed} passed, ${total.failed} failed`);
    process.exitCode = total.failed > 0 || interrupted ? 1 : 0;
});

/**
 * @param {string} name
 * @param {readonly string[]} command
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<Count>}
 */
async function runCheck(name, [command = "", ...args], options) {
    const started = Date.now();
    const code = await status(command, args, { ...options, cwd: root });
    console.log(`${code === 0 ? "PASS" : "FAIL"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * @param {string} project
 * @param {readonly string[]} extra
 * @param {import("node:child_process").SpawnOptions & { signal: AbortSignal }} options
 * @returns {Promise<Count>}
 */
async function runJest(project, extra, options) {
    const report = join(root, ".holdfast", `jest-${project}-${process.pid}.json`);
    mkdirSync(join(root, ".holdfast"), { recursive: true });
    const code = await groupStatus(
        tool("jest"),
        ["--selectProjects", project, "--json", "--outputFile", report, ...extra],
        {
            ...options,
            cwd: root,
            // With --json jest's own report goes to stderr and the JSON, which is in the file too, to stdout.
            stdio: ["ignore", "ignore", "inherit"],
        },
    );
    const count = countResults(readReport(report), code);
    rmSync(report, { force: true });
    return count;
}

/**
 * @param {string} file
 * @returns {JestReport | undefined} undefined where jest did not get that far
 *
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   numRuntimeErrorTestSuites: number }} JestReport
 */
function readReport(file) {
    try {
        return JSON.parse(readFileSync(file, "utf8"));
    } catch {
        return undefined;
    }
}

/**
 * A test file that cannot be loaded is one failure; so is a test that was skipped, since it proves nothing.
 * @param {JestReport | undefined} report
 * @param {number} code jest's exit status
 * @returns {Count}
 */
function countResults(report, code) {
    if (report === undefined) return { passed: 0, failed: 1 };
    const failed =
        report.numFailedTests + report.numRuntimeErrorTestSuites + report.numPendingTests + report.numTodoTests;
    return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
