/** `npm test`: set-up, static checks, all jest projects, and one line for the whole run. */
const { mkdirSync, readFileSync, rmSync } = require("node:fs");
const { join, relative } = require("node:path");
const { stripVTControlCharacters } = require("node:util");
const { afterSetUp } = require("./setup");
const { ensureStaticChecks, staticChecks, tool } = require("./staticChecks");
const { groupStatus, status } = require("../toolchain/step");

const root = join(__dirname, "..");

/**
 * Each of jest's workers has a lab of its own, since the files of `lab` share its nodes. They wait for nodes half of
 * the time.
 */
const labWorkers = 2;
/**
 * A virtual machine takes both processors: one file at a time, minutes each. In CI always, else with `npm run test:vm`.
 * Beside the lab's nodes its boots take five times as long, and nothing is won.
 */
const machines = { vm: ["--runInBand"] };
// jest would leave one processor to whoever watches.
const nodes = { fast: ["--maxWorkers=100%"], lab: [`--maxWorkers=${labWorkers}`] };
const projects = process.env.HOLDFAST_VM ? machines : process.env.CI ? { ...nodes, ...machines } : nodes;

/**
 * @typedef {{ passed: number, failed: number }} Count
 *
 * @typedef {{ file: string, seconds: number, failures: readonly string[] }} File
 */

afterSetUp(async (environment) => {
    await ensureStaticChecks();
    const env = {
        ...environment,
        HOLDFAST_LAB: `test-${process.pid}`,
        ...(process.env.HOLDFAST_LAB ? { HOLDFAST_LAB: process.env.HOLDFAST_LAB } : {}),
    };
    /** @type {Count[]} */
    const counts = [];
    /** @type {File[]} */
    const files = [];
    let interrupted = false;
    /** @type {AbortController} */
    const abort = new AbortController();
    for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
        process.once(name, () => {
            interrupted = true;
            abort.abort();
        });
    }
    // Minutes of both processors, once, and needed late: behind everything else, and whoever needs it waits for it.
    const building =
        "lab" in projects
            ? status("nice", ["-n", "10", process.execPath, "toolchain/testModules.js"], {
                  cwd: root,
                  signal: abort.signal,
              })
            : Promise.resolve(0);
    try {
        for (const [name, command] of Object.entries(staticChecks())) {
            if (!interrupted) counts.push(await runCheck(name, command, { env, signal: abort.signal }));
        }
        for (const [project, options] of Object.entries(projects)) {
            if (!interrupted) counts.push(await runJest(project, options, { env, signal: abort.signal }, files));
        }
        if (!interrupted && (await building) !== 0) counts.push({ passed: 0, failed: 1 });
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
    tell(files);
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
 * @param {File[]} files each of the run's is added
 * @returns {Promise<Count>}
 */
async function runJest(project, extra, options, files) {
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
    const results = readReport(report);
    rmSync(report, { force: true });
    files.push(...(results?.testResults ?? []).map(fileOf));
    return countResults(results, code);
}

/**
 * @param {string} file
 * @returns {JestReport | undefined} undefined where jest did not get that far
 *
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   numRuntimeErrorTestSuites: number, testResults: readonly JestFile[] }} JestReport
 *
 * @typedef {{ name: string, startTime: number, endTime: number, status: string, message: string,
 *   assertionResults: readonly { fullName: string, status: string, failureMessages: readonly string[] }[] }} JestFile
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

/**
 * @param {JestFile} report
 * @returns {File}
 */
function fileOf({ name, startTime, endTime, status, message, assertionResults }) {
    const failed = assertionResults.filter((test) => test.status === "failed");
    const failures = failed.map(({ fullName, failureMessages }) => `${fullName}: ${beginOf(failureMessages[0])}`);
    return {
        file: relative(root, name),
        seconds: (endTime - startTime) / 1000,
        failures: status === "failed" && failures.length === 0 ? [beginOf(message)] : failures,
    };
}

/** What is said above the stack. @param {string | undefined} message */
function beginOf(message = "") {
    const [begin = ""] = stripVTControlCharacters(message).split(/\n\s+at /);
    return begin.replace(/\s+/g, " ").slice(0, 300);
}

/**
 * What a log of ten thousand lines hides: what failed, in the order in which it did, and what took longest.
 * @param {readonly File[]} files
 */
function tell(files) {
    for (const { file, failures } of files) for (const failure of failures) console.log(`FAILED ${file}: ${failure}`);
    const slowest = [...files].sort((a, b) => b.seconds - a.seconds).slice(0, 12);
    console.log(`longest: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`).join(", ")}`);
}
