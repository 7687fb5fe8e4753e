// What "now" is for words such as "12 minutes ago".

class Clock {
  /** Unix seconds. */
  now = $state(Math.floor(Date.now() / 1000));

  constructor() {
    setInterval(() => {
      this.now = Math.floor(Date.now() / 1000);
    }, 15_000);
  }
}

export const clock = new Clock();
