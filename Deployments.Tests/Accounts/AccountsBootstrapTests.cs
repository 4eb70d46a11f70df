using Deployments.Data.Accounts;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

public sealed class AccountsBootstrapTests
{
    [Fact]
    public async Task Nodes_that_start_together_make_one_administrator_one_key_and_one_key_ring()
    {
        await using var database = await TestDatabase.CreateAsync();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3)
            .Select(_ => Task.Run(() => TestApp.StartAsync(database))));
        try
        {
            Assert.Equal("Admin", Assert.Single(await nodes[0].Service<AccountQueries>().AllAsync(default)).Name);
            Assert.Equal("bootstrap",
                Assert.Single(await nodes[0].Service<ApiKeyQueries>().AllAsync(default)).DisplayName);
            Assert.Single(nodes[0].Service<KeyRingStore>().All());
            foreach (var node in nodes)
            {
                using var answer = await node.Admin.GetAsync("/api/api-keys/list");
                Assert.True(answer.IsSuccessStatusCode);
            }
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Settings_of_a_later_start_change_neither_password_nor_keys()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var first = await TestApp.StartAsync(database))
        {
            var key = Assert.Single(await first.Service<ApiKeyQueries>().AllAsync(default));
            using var revoked = await first.Admin.PostAsync($"/api/api-keys/delete?id={key.ApiKeyId}", null);
            Assert.True(revoked.IsSuccessStatusCode);
        }

        await using var second = await TestApp.StartAsync(
            database, "Deployments:Bootstrap:AdminPassword=another password",
            "Deployments:Bootstrap:ApiKey=another-key-altogether");

        Assert.Single(await second.Service<ApiKeyQueries>().AllAsync(default));
        using var old = await second.Admin.GetAsync("/api/api-keys/list");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, old.StatusCode);
        second.Client.DefaultRequestHeaders.Add("X-ApiKey", $"Admin:{TestApp.AdminPassword}");
        using var password = await second.Client.GetAsync("/api/api-keys/list");
        Assert.True(password.IsSuccessStatusCode);
    }
}
