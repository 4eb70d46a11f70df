using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Deployments.Bench;

/// <summary>
/// A thousand slow downloads of one 50 MB file at once, from the cache, from the local store, and through a connector
/// whose upstream lets nothing be kept: how much memory the whole process takes beyond what it took before.
/// </summary>
/// <remarks>
/// All are asked for before any is read. Then each reads 2 MB, 16 KB in turn, so that all are open all the time and
/// none is ever ahead; ten go on to the end, and the others hang up. 50 GB in all would prove no more.
/// </remarks>
static class CrowdBench
{
    const int Clients = 1000;
    const int Finishers = 10;
    const int TurnBytes = 16 << 10;
    const int TurnsEach = 128;
    const int FileBytes = 50_000_000;
    const double BytesMax = 120 << 20;

    public static async Task RunAsync(BenchServer server, BenchTable table)
    {
        using var nginx = await Nginx.StartAsync(FileBytes);
        await server.CreateFeedAsync("crowd-cached", nginx.FilesUrl.AbsoluteUri);
        await server.CreateFeedAsync("crowd-proxied", nginx.UnkeptFilesUrl.AbsoluteUri);
        await server.CreateFeedAsync("crowd-stored");
        await server.UploadAsync("crowd-stored", "huge", FileBytes);
        foreach (var (feed, name) in new[]
        {
            ("crowd-cached", "from the cache"), ("crowd-stored", "from the local store"),
            ("crowd-proxied", "through a connector"),
        })
        {
            var path = $"/upack/{feed}/download/huge/1.0.0";
            for (var i = 0; i < 2; i++) // so that it is in the cache, and the code is compiled
                await ReadWholeAsync(server.Url, path);
            var growth = await MeasureAsync(server, path);
            table.Add($"{Clients:N0} downloads of 50 MB at once, {name}", "120 MB over idle",
                [(BytesMax / (1 << 20), Math.Max(growth, 1 << 20) / (1 << 20))], 1, "MB");
        }
    }

    static async Task<double> MeasureAsync(BenchServer server, string path)
    {
        var idle = server.ResidentBytes();
        var peak = idle;
        var buffer = new byte[TurnBytes];
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Clients; i++)
                sockets.Add(await AskAsync(server.Url, path));
            for (var turn = 0; turn < TurnsEach; turn++)
            {
                foreach (var socket in sockets)
                {
                    if (await socket.ReceiveAsync(buffer) == 0)
                        throw new InvalidOperationException($"{path}: a download broke off");
                }

                peak = Math.Max(peak, server.ResidentBytes());
            }

            foreach (var socket in sockets.Take(Finishers))
                await ReadToEndAsync(socket, buffer);
            return Math.Max(peak, server.ResidentBytes()) - idle;
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }

    static async Task ReadWholeAsync(Uri server, string path)
    {
        using var socket = await AskAsync(server, path);
        await ReadToEndAsync(socket, new byte[TurnBytes]);
    }

    static async Task ReadToEndAsync(Socket socket, byte[] buffer)
    {
        while (await socket.ReceiveAsync(buffer) > 0)
        {
        }
    }

    static async Task<Socket> AskAsync(Uri server, string path)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = TurnBytes };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n\r\n"));
        return socket;
    }
}
