// Somebody in front of a Jellyfin or an Emby, with an app of that server and not with ours.

interface Item {
  Id: string;
  Name: string;
  UserData: { Played: boolean; PlaybackPositionTicks: number };
}

export class Viewer {
  private constructor(
    private readonly url: string,
    private readonly user: string,
    private readonly token: string,
  ) {}

  /** Signs in with name and password. */
  static async signIn(url: string, name: string): Promise<Viewer> {
    const device = `MediaBrowser Client="Living room", Device="TV", DeviceId="tv-${name}", Version="1.0"`;
    const answer = await fetch(new URL("Users/AuthenticateByName", url), {
      method: "POST",
      headers: { "content-type": "application/json", "x-emby-authorization": device },
      body: JSON.stringify({ Username: name, Pw: `${name}-password` }),
    });
    if (!answer.ok) throw new Error(`${name} was not let in at ${url}: ${answer.status}`);
    const { AccessToken, User } = (await answer.json()) as { AccessToken: string; User: { Id: string } };
    return new Viewer(url, User.Id, AccessToken);
  }

  /** Every movie and episode, with what this person is shown of it. */
  async items(): Promise<Item[]> {
    const answer = await this.ask("GET", "Items?Recursive=true&IncludeItemTypes=Movie,Episode&EnableUserData=true");
    return ((await answer.json()) as { Items: Item[] }).Items;
  }

  /** How many of them are shown as watched. */
  async watched(): Promise<number> {
    return (await this.items()).filter((item) => item.UserData.Played).length;
  }

  /** Whether a movie is shown as watched. */
  async hasWatched(name: string): Promise<boolean> {
    return (await this.item(name)).UserData.Played;
  }

  /** Watches a movie to its end. */
  async watch(name: string): Promise<void> {
    await this.ask("POST", `PlayedItems/${(await this.item(name)).Id}`);
  }

  private async item(name: string): Promise<Item> {
    const item = (await this.items()).find((one) => one.Name === name);
    if (!item) throw new Error(`${this.url} has no ${name}`);
    return item;
  }

  private async ask(method: string, path: string): Promise<Response> {
    const url = new URL(`Users/${this.user}/${path}`, this.url);
    const answer = await fetch(url, { method, headers: { "x-emby-token": this.token } });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}`);
    return answer;
  }
}
