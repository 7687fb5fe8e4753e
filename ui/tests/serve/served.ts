// The app itself: `watchstate-cli serve` as a process of its own, with a data folder that goes when it ends.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The app that runs, and the addresses it prints: each lets one browser in. */
export class Served {
  private readonly lines: AsyncIterator<string>;
  private told = "";

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {
    if (!process.stdout || !process.stderr) throw new Error("what the app prints cannot be read");
    this.lines = createInterface(process.stdout)[Symbol.asyncIterator]();
    process.stderr.setEncoding("utf8").on("data", (text: string) => (this.told += text));
  }

  /** Starts the app with no server of anybody's, on a port that is free. */
  static async start(): Promise<Served> {
    const program = process.env.WATCHSTATE_CLI;
    if (program === undefined) throw new Error("WATCHSTATE_CLI has to name the program watchstate-cli");
    const folder = await mkdtemp(join(tmpdir(), "watchstate-serve-"));
    const temporary = join(folder, "temporary");
    await mkdir(temporary);
    // What this computer's environment says to WatchState is meant for somebody's own.
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith("WS_"));
    const child = spawn(program, ["serve", "--data-dir", join(folder, "data"), "--secrets", "file", "--ui", "dist"], {
      env: {
        ...Object.fromEntries(others),
        TMPDIR: temporary,
        TEMP: temporary,
        TMP: temporary,
        // Nothing is looked for on the network, and no import begins by itself while a test looks.
        WS_FIND_SERVERS: "computer",
        WS_CRON_IMPORT: "false",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const failed = once(child, "error").then(([error]: unknown[]) => {
      throw new Error(`${program} cannot be started: ${String(error)}`);
    });
    await Promise.race([once(child, "spawn"), failed]);
    return new Served(child, folder);
  }

  /** The next address that lets in once. A new one is printed when the one before was used. */
  async address(): Promise<string> {
    for (;;) {
      const line = await this.lines.next();
      if (line.done) throw new Error(`the app ended and printed no address: ${this.told}`);
      const address = /http:\S+/.exec(line.value)?.[0];
      if (address !== undefined) return address;
    }
  }

  /** Tells the app to end as a system does, and waits until it did. Nothing of it may stay behind. */
  async end(): Promise<void> {
    const ended = once(this.process, "exit");
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      await ended;
    }
    const left = await readdir(join(this.folder, "temporary"));
    const code = this.process.exitCode;
    await rm(this.folder, { recursive: true });
    // Windows tells nobody: there a program is ended at once, and tidies nothing up.
    if (process.platform === "win32") return;
    if (code !== 0) throw new Error(`the app ended with ${code}: ${this.told}`);
    if (left.length > 0) throw new Error(`the app left behind ${left.join(", ")}`);
  }
}
