using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Support;

/// <summary>An API key that records every download that is made with it.</summary>
static class PolicyKey
{
    /// <summary>Stores a new key; null for the policy makes an ordinary one.</summary>
    /// <returns>The key itself.</returns>
    public static async Task<string> AddAsync(
        TestApp app, RecordingPolicy? policy, Permissions permissions = Permissions.View, string? feed = null)
    {
        var key = ApiKeys.Make();
        var (outcome, _) = await app.Service<ApiKeyStore>().AddAsync(
            new NewApiKey
            {
                KeyHash = ApiKeys.Hash(key),
                Type = "Feed",
                DisplayName = "WEB-07",
                Permissions = permissions,
                Feed = feed,
                Policy = policy,
            }, Actor.Program, default);
        Assert.Equal(ApiKeyOutcome.Saved, outcome);
        return key;
    }
}
