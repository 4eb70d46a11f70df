namespace Deployments.Tests.Support;

/// <summary>One program for those tests of a class that disturb no other: a start costs more than most tests.</summary>
public sealed class SharedApp : IAsyncLifetime
{
    public TestApp App { get; private set; } = null!;

    public async Task InitializeAsync() => App = await TestApp.StartAsync();

    public Task DisposeAsync() => App.DisposeAsync().AsTask();
}
