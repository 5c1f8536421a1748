/**
 * `npm run release -- major|minor|patch|VERSION`: the version in package.json and its section in CHANGELOG.md, then
 * what is published, in release/: the tarball, its list of contents, the bill of materials (CycloneDX, npm's own),
 * checksums of all. `npm run release -- --same` makes these of the version that stands there: the workflow does so on
 * a tag.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import execa from "execa";
import { faultsOfContents, renderContents, type Packed } from "./release/contents";
import { nextVersion, releasedChangelog, sectionOf } from "./release/version";

const root = join(__dirname, "..");
const at = (...path: string[]) => join(root, ...path);
const read = (path: string) => readFileSync(at(path), "utf8");
const npm = async (...args: string[]) => (await execa("npm", args, { cwd: root, stderr: "inherit" })).stdout;

async function release(asked: string): Promise<void> {
    if ((await execa("git", ["status", "--porcelain", "--untracked-files=no"], { cwd: root })).stdout !== "")
        throw new Error("there are uncommitted changes: a release is made of a commit");
    const { version: current } = JSON.parse(read("package.json")) as { version: string };
    const version = asked === "--same" ? current : nextVersion(current, asked, read("CHANGELOG.md"));
    if (asked !== "--same") {
        const changelog = releasedChangelog(read("CHANGELOG.md"), version, new Date().toISOString().slice(0, 10));
        await npm("version", version, "--no-git-tag-version", "--ignore-scripts");
        writeFileSync(at("CHANGELOG.md"), changelog);
    }
    const notes = sectionOf(read("CHANGELOG.md"), version);

    rmSync(at("release"), { recursive: true, force: true });
    mkdirSync(at("release"));
    const packing = await npm("run", "--silent", "package", "--", "--json", "--pack-destination", "release");
    const [{ filename, files, size }] = JSON.parse(packing.slice(packing.search(/^\[/m))) as [
        { filename: string; files: Packed[]; size: number },
    ];
    const faults = faultsOfContents(files, size);
    if (faults.length > 0) throw new Error(`the package is not as it has to be:\n  ${faults.join("\n  ")}`);
    // npm names it by the folder that the clone happens to be in.
    const nameIt = (bill: string) => {
        const parsed = JSON.parse(bill) as { metadata: { component: { name: string } } };
        parsed.metadata.component.name = "holdfast";
        return `${JSON.stringify(parsed, undefined, 2)}\n`;
    };
    const bill = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--omit", "dev"];
    const written: Record<string, string> = {
        [`holdfast-${version}.contents.txt`]: renderContents(files),
        [`holdfast-${version}.cdx.json`]: nameIt(await npm(...bill, "--package-lock-only")),
        "NOTES.md": `${notes}\n`,
    };
    for (const [name, text] of Object.entries(written)) writeFileSync(at("release", name), text);
    const sums = [filename, ...Object.keys(written)].map(
        (name) =>
            `${createHash("sha256")
                .update(readFileSync(at("release", name)))
                .digest("hex")}  ${name}\n`,
    );
    writeFileSync(at("release", "SHA256SUMS"), sums.join(""));

    for (const name of [filename, ...Object.keys(written), "SHA256SUMS"])
        console.log(`${String(statSync(at("release", name)).size).padStart(8)} release/${name}`);
    console.log(`${files.length} files in the tarball, as they have to be`);
    if (asked !== "--same")
        console.log(`\nNext:
  git commit -am 'Release ${version}' && git tag v${version}
  git push origin HEAD v${version}     # the workflow publishes it, with provenance`);
}

const [asked, ...more] = process.argv.slice(2);
if (asked === undefined || more.length > 0) {
    console.error("usage: npm run release -- major|minor|patch|VERSION|--same");
    process.exitCode = 2;
} else {
    release(asked).catch((error: unknown) => {
        console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
    });
}
