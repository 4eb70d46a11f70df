using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Deployments.Tests.Support;

/// <summary>A mail server on plain TCP that takes what it is given, or refuses every recipient.</summary>
public sealed class FakeSmtp : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentQueue<(string Sender, string[] Recipients, string Text)> mails = new();
    readonly CancellationTokenSource end = new();
    readonly Task accepting;

    public FakeSmtp()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Whether recipients are refused.</summary>
    public bool Refuses { get; set; }

    /// <summary>Who signed in, as <c>name:password</c>, oldest first.</summary>
    public ConcurrentQueue<string> SignedIn { get; } = new();

    /// <summary>What was taken, oldest first.</summary>
    public IReadOnlyList<(string Sender, string[] Recipients, string Text)> Mails => [.. mails];

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Dispose();
        await accepting;
        end.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(end.Token);
                await TalkAsync(client.GetStream());
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
        }
    }

    async Task TalkAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false));
        (writer.NewLine, writer.AutoFlush) = ("\r\n", true);
        await writer.WriteLineAsync("220 test");
        var (sender, recipients) = ("", new List<string>());
        while (await reader.ReadLineAsync(end.Token) is { } line)
        {
            switch (line.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await writer.WriteLineAsync("250-test");
                    await writer.WriteLineAsync("250 AUTH PLAIN");
                    continue;
                case "AUTH": // PLAIN, then an empty name, the name and the password, parted by zero bytes
                    SignedIn.Enqueue(Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2]))
                        .TrimStart('\0').Replace('\0', ':'));
                    await writer.WriteLineAsync("235 welcome");
                    continue;
                case "MAIL":
                    sender = line;
                    break;
                case "RCPT" when Refuses:
                    await writer.WriteLineAsync("550 nobody of that name");
                    continue;
                case "RCPT":
                    recipients.Add(line[(line.IndexOf('<') + 1)..line.IndexOf('>')]);
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    mails.Enqueue((sender, [.. recipients], await ReadDataAsync(reader)));
                    recipients.Clear();
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
            }

            await writer.WriteLineAsync("250 fine");
        }
    }

    static async Task<string> ReadDataAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line && line != ".")
            text.Append(line.StartsWith('.') ? line[1..] : line).Append('\n');
        return text.ToString();
    }
}
