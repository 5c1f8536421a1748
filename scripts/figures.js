/**
 * `npm run figures [COMMIT]`: how the house is built, of the files at a commit (by default as they lie here): where one
 * concern is named, how long files, classes and lines are, cycles of imports, what reaches up. Nothing is judged;
 * CONTRIBUTING.md says what the numbers are for.
 */
const { execFileSync } = require("node:child_process");
const { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const ts = require("typescript");

const checkout = join(__dirname, "..");
const code =
    /^(?:(?:bench|cli|components|host|lab|model|programs|provider|render|scripts|toolchain|vm)\/.*|index|config|projectFile)\.(?:ts|js|py|sh)$|^programs\/|^templates\//;

/** @param {string} root */
function measure(root) {
    const files = String(execFileSync("git", ["ls-files", "-z"], { cwd: root }))
        .split("\0")
        .filter((path) => code.test(path) && existsSync(join(root, path)) && !/\.json$|[^/]*\.md$/.test(path))
        .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
    const lengths = files.map(({ path, text }) => ({ what: path, size: text.split("\n").length - 1 })).sort(bySize);
    const lines = files.flatMap(({ path, text }) =>
        text.split("\n").map((line, index) => ({ what: `${path}:${index + 1}`, size: [...line].length })),
    );
    const classes = files.filter(({ path }) => path.endsWith(".ts")).flatMap(({ path, text }) => classesOf(path, text));
    /** @type {(share: number) => number} */
    const percentile = (share) => lengths[Math.floor((1 - share) * (lengths.length - 1))]?.size ?? 0;
    return {
        "files of code": files.length,
        "files that name logDigest or log-digest": files.filter(({ text }) => /logDigest|log-digest/i.test(text))
            .length,
        "… outside of its own folder and files": files.filter(
            ({ path, text }) => /logDigest|log-digest/i.test(text) && !/logDigest|log-digest/i.test(path),
        ).length,
        "length of a file, median": percentile(0.5),
        "length of a file, 90th percentile": percentile(0.9),
        "longest file": show(lengths[0]),
        "longest class": show(classes.sort(bySize)[0]),
        "longest line": show(lines.sort(bySize)[0]),
        "lines longer than 120": lines.filter(({ size }) => size > 120).length,
        "cycles of imports": cycles(root),
        "calls from host into provider (imports, and plans asked for by callback)": files
            .filter(({ path }) => /^host\/.*\.ts$/.test(path))
            .reduce(
                (sum, { text }) =>
                    sum + (text.match(/from "(?:\.\.\/)+provider\/|\.decide\(|\bplanner\(/gi) ?? []).length,
                0,
            ),
    };
}

/**
 * @typedef {{ what: string, size: number }} Sized
 * @type {(a: Sized, b: Sized) => number}
 */
const bySize = (a, b) => b.size - a.size;

/** @type {(sized: Sized | undefined) => string} */
const show = (sized) => (sized === undefined ? "none" : `${sized.size} (${sized.what})`);

/**
 * @param {string} path
 * @param {string} text
 * @returns {Sized[]} in lines
 */
function classesOf(path, text) {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    return source.statements.filter(ts.isClassDeclaration).map((declaration) => {
        const line = (/** @type {number} */ at) => source.getLineAndCharacterOfPosition(at).line;
        const size = line(declaration.getEnd()) - line(declaration.getStart()) + 1;
        return { what: `${declaration.name?.text} in ${path}`, size };
    });
}

/**
 * Of types too. Strongly connected parts of the import graph, counted by their files' edges: dependency-cruiser's own
 * count.
 * @param {string} root
 */
function cycles(root) {
    const rule =
        "module.exports = { forbidden: [{ name: 'no-cycle', from: {}, to: { circular: true } }], options: { tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } } };";
    const config = join(mkdtempSync(join(tmpdir(), "holdfast-figures-")), "cycles.cjs");
    require("node:fs").writeFileSync(config, rule);
    try {
        const folders =
            "index.ts stack.ts config.ts projectFile.ts model components construct render programs provider host cli vm lab bench scripts toolchain";
        const given = folders.split(" ").filter((path) => existsSync(join(root, path)));
        const tool = join(checkout, "node_modules", ".bin", "depcruise");
        const report = execFileSync(tool, ["--config", config, "--output-type", "json", ...given], {
            cwd: root,
            maxBuffer: 1 << 28,
        });
        return JSON.parse(String(report)).summary.violations.length;
    } finally {
        rmSync(join(config, ".."), { recursive: true });
    }
}

/**
 * @template T
 * @param {string} commit
 * @param {(root: string) => T} work
 * @returns {T}
 */
function at(commit, work) {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-figures-"));
    const root = join(folder, "tree");
    try {
        execFileSync("git", ["worktree", "add", "--quiet", "--detach", root, commit], { cwd: checkout });
        symlinkSync(join(checkout, "node_modules"), join(root, "node_modules"));
        return work(root);
    } finally {
        execFileSync("git", ["worktree", "remove", "--force", root], { cwd: checkout });
        rmSync(folder, { recursive: true, force: true });
    }
}

const [commit] = process.argv.slice(2);
const figures = commit === undefined ? measure(checkout) : at(commit, measure);
for (const [what, figure] of Object.entries(figures)) console.log(`${what}: ${figure}`);
