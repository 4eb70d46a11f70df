using System.Net;
using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Gateway;

/// <summary>Addresses that a connector never reaches, or only where that is allowed, however it is led there.</summary>
public sealed class ForbiddenAddressTests
{
    const string Package = "/upack/main/download/app/1.0.0";

    static readonly string[] Special =
    [
        "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/", "http://[::]/", "http://2852039166/", "http://0xa9fea9fe/", "http://[64:ff9b::a9fe:a9fe]/",
        "http://100.100.100.200/", "http://255.255.255.255/",
    ];

    [Fact]
    public async Task Neither_a_redirect_nor_a_connector_leads_to_a_special_address()
    {
        var address = "";
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = address;
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal", upstream.Url);
        foreach (var special in Special)
        {
            address = special;
            await AssertRefusedAsync(app, special);
        }

        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        foreach (var special in Special)
        {
            // Past the check of what may be entered, as a name does that leads to such an address only later.
            await connection.ExecuteAsync("update connectors set url = @special", new { special });
            await app.Service<Web.Gateway.FeedDirectory>().ReloadAsync(default);
            await AssertRefusedAsync(app, special);
        }

        Assert.Equal(Special.Length, upstream.Requests.Count);
    }

    [Fact]
    public async Task Private_networks_are_refused_where_that_is_the_setting()
    {
        await using var upstream = await FakeUpstream.StartAsync(_ => Task.CompletedTask);
        await using var app = await TestApp.StartAsync(null, "Deployments:ConnectorsMayReachPrivateNetworks=false");
        await app.CreateFeedAsync("main", "universal", upstream.Url);

        await AssertRefusedAsync(app, upstream.Url.ToString());
        Assert.Empty(upstream.Requests);
    }

    static async Task AssertRefusedAsync(TestApp app, string address)
    {
        using var answer = await app.Client.SendAsync(TaggedLoad.Request(Package)).WaitAsync(Patience.Limit);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadGateway, $"{address}: {answer.StatusCode} {text}");
        Assert.True(text.Contains("connectors never reach those", StringComparison.Ordinal)
            || text.Contains("is a private address", StringComparison.Ordinal), $"{address}: {text}");
    }
}
