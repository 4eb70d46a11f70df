using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>
/// Stands between a program and its database, until it falls silent: connections stay, and nothing passes any more, as
/// when the network or the other machine is gone.
/// </summary>
sealed class SilentProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource ending = new();
    readonly TaskCompletionSource silence = new();
    readonly List<Socket> sockets = [];
    readonly NpgsqlConnectionStringBuilder database;
    readonly Task accepting;

    public SilentProxy(string connectionString)
    {
        database = new NpgsqlConnectionStringBuilder(connectionString);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>How the database is reached through here.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(database.ConnectionString)
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)listener.LocalEndpoint).Port,
    }.ConnectionString;

    public void FallSilent() => silence.SetResult();

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        lock (sockets)
            sockets.ForEach(socket => socket.Dispose());
        ending.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = Keep(await listener.AcceptSocketAsync(ending.Token));
                var server = Keep(await ConnectAsync());
                _ = PassAsync(client, server);
                _ = PassAsync(server, client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException
            or SocketException)
        {
            // The end.
        }
    }

    async Task<Socket> ConnectAsync()
    {
        EndPoint end = database.Host!.StartsWith('/')
            ? new UnixDomainSocketEndPoint($"{database.Host}/.s.PGSQL.{database.Port}")
            : new DnsEndPoint(database.Host, database.Port);
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(end, ending.Token);
        return socket;
    }

    async Task PassAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[1 << 16];
            while (await from.ReceiveAsync(buffer, ending.Token) is > 0 and var read)
            {
                if (silence.Task.IsCompleted)
                    await Task.Delay(Timeout.Infinite, ending.Token);
                await to.SendAsync(buffer.AsMemory(0, read), ending.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException
            or SocketException)
        {
            // One of the two is gone.
        }
    }

    Socket Keep(Socket socket)
    {
        lock (sockets)
            sockets.Add(socket);
        return socket;
    }
}
