using Microsoft.Playwright;

namespace Deployments.Tests.Support;

/// <summary>
/// Pages of a headless browser that reach nothing but the program under test, and what its console complained about.
/// The browser itself is one for the whole run; each page is a session of its own.
/// </summary>
sealed class Chromium : IAsyncDisposable
{
    const string Executable = "/usr/bin/chromium";

    static readonly Lazy<Task<IBrowser>> Shared = new(LaunchAsync);

    readonly IBrowser browser;
    readonly List<IBrowserContext> contexts = [];

    Chromium(IBrowser browser) => this.browser = browser;

    /// <summary>Messages of level error, and scripts that failed.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Requests to anything but the program under test.</summary>
    public List<string> Strays { get; } = [];

    public static async Task<Chromium> StartAsync() => new(await Shared.Value);

    /// <summary>Opens a page in a session of its own.</summary>
    public async Task<IPage> OpenAsync(
        Uri address, string zone = "Europe/Berlin", System.Net.CookieCollection? cookies = null)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = ColorScheme.Light,
            TimezoneId = zone,
            ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
        });
        lock (contexts)
            contexts.Add(context);
        await context.AddCookiesAsync((cookies ?? []).Select(cookie => new Cookie
        {
            Name = cookie.Name,
            Value = cookie.Value,
            Url = address.GetLeftPart(UriPartial.Authority),
        }));
        var page = await context.NewPageAsync();
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https" or "ws" or "wss" } url
                && url.Authority != address.Authority)
                lock (Strays)
                    Strays.Add(request.Url);
        };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                Errors.Add(message.Text);
        };
        page.PageError += (_, error) => Errors.Add(error);
        await page.GotoAsync(address.AbsoluteUri);
        return page;
    }

    /// <summary>Another address in a page's session, bright and wide as at first: no process for it alone.</summary>
    public static async Task OpenAgainAsync(IPage page, Uri address)
    {
        await page.EmulateMediaAsync(new PageEmulateMediaOptions
        {
            ColorScheme = ColorScheme.Light,
            ReducedMotion = ReducedMotion.Null,
        });
        await page.SetViewportSizeAsync(1280, 800);
        await page.GotoAsync(address.AbsoluteUri);
    }

    /// <summary>
    /// Waits until <paramref name="page"/> is at <paramref name="address"/> (a glob) and loaded. In two steps, because
    /// Playwright's own single wait misses a page that is loaded between its look at the address and its listening.
    /// </summary>
    public static async Task ArriveAsync(IPage page, string address)
    {
        await page.WaitForURLAsync(address, new PageWaitForURLOptions { WaitUntil = WaitUntilState.Commit });
        await page.WaitForLoadStateAsync(LoadState.Load);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in contexts)
            await context.CloseAsync();
    }

    static async Task<IBrowser> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Task.Run(() => browser.CloseAsync()).Wait(TimeSpan.FromSeconds(10));
            playwright.Dispose();
        };
        return browser;
    }
}
