/** Progress of the scripts that run before node_modules exists: Node's core modules only. */
const { spawn, spawnSync } = require("node:child_process");

/**
 * Prints what is being done, and how long it took where that is worth telling.
 * @template T
 * @param {string} label
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
async function step(label, work) {
    const started = Date.now();
    console.log(`setup: ${label} …`);
    const result = await work();
    console.log(`setup: ${label}: done after ${Math.round((Date.now() - started) / 1000)} s`);
    return result;
}

/**
 * Runs a command with its output shown. Rejects, naming the command, when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<void>}
 */
async function run(command, args, options = {}) {
    const code = await status(command, args, options);
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")}: exit status ${code}`);
}

/**
 * Runs a command with its output shown, and gives its exit status: 128 and more for a signal, 127 where it is missing.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 * @param {(pid: number) => void} [started]
 * @returns {Promise<number>}
 */
function status(command, args, options = {}, started = () => undefined) {
    return new Promise((resolve) => {
        const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], ...options });
        if (child.pid !== undefined) started(child.pid);
        child.once("error", () => resolve(127));
        child.once("close", (code, signal) =>
            resolve(code ?? 128 + require("node:os").constants.signals[signal ?? "SIGTERM"]),
        );
    });
}

/**
 * As `status`, for a command whose children outlive it (jest's workers go on with their test): an abort kills all of
 * its process group, and the status comes when none of it is left.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { signal: AbortSignal }} options
 * @returns {Promise<number>}
 */
async function groupStatus(command, args, { signal, ...options }) {
    let group = 0;
    const ended = status(command, args, { ...options, detached: true }, (pid) => (group = pid));
    const kill = () => killGroup(group, "SIGKILL");
    signal.addEventListener("abort", kill);
    const code = await ended;
    signal.removeEventListener("abort", kill);
    const deadline = Date.now() + 10_000;
    while (signal.aborted && killGroup(group, 0) && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 50));
    return code;
}

/**
 * @param {number} group 0 where the command was never started
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} whether there is anyone in it
 */
function killGroup(group, signal) {
    try {
        return group !== 0 && process.kill(-group, signal);
    } catch {
        return false;
    }
}

/**
 * Output of a quick command, trimmed; undefined where the command is missing or fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {string | undefined}
 */
function output(command, args, options = {}) {
    const result = spawnSync(command, args, { ...options, encoding: "utf8" });
    return result.status === 0 ? result.stdout.trim() : undefined;
}

module.exports = { step, run, status, groupStatus, output };
