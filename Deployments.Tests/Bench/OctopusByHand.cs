using Deployments.Tests.Octopus;

namespace Deployments.Bench;

/// <summary>Runs the Octopus server of the tests until it is stopped, for whoever wants to see it connected.</summary>
static class OctopusByHand
{
    public static async Task RunAsync(int deployments)
    {
        await using var fake = await FakeOctopus.StartAsync();
        fake.Put("/api/Spaces-1/feeds/Feeds-9",
            """{"Id":"Feeds-9","Name":"Elsewhere","FeedType":"NuGet","FeedUri":"https://feed.example/"}""");
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 1; i <= deployments; i++)
        {
            fake.Add(new FakeDeployment(i, now.AddHours(i - deployments))
            {
                Release = $"1.0.{i / 5}",
                Machines = [("Machines-1", "web-01", "Success"), ("Machines-2", "web-02", "Success")],
            });
        }

        Console.WriteLine($"Octopus, invented, with {deployments} deployments, one an hour until now");
        Console.WriteLine($"  address  {fake.Url}");
        Console.WriteLine($"  API key  {FakeOctopus.ApiKey}");
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
