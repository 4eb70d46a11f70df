namespace Deployments.Tests.Support;

public sealed class TestAppTests
{
    [Fact]
    public async Task The_program_starts_on_a_database_of_its_own()
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.Client.GetAsync("/no-such-page");

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }
}
