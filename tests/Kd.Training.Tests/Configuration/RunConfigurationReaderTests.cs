using Kd.Training.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Kd.Training.Tests.Configuration;

public class RunConfigurationReaderTests
{
    [Fact]
    public void Read_ManyRuns_LeavesNothingRegisteredAtTheProcessConfiguration()
    {
        var process = new CountingConfiguration(new ConfigurationBuilder().AddInMemoryCollection([new("Training:Epochs", "3")]).Build());
        var reader = new RunConfigurationReader(process);

        for (var epochs = 1; epochs <= 10; epochs++)
            Assert.Equal(epochs, reader.Read(new Dictionary<string, string> { ["Training:Epochs"] = $"{epochs}" }).Training.Epochs);

        Assert.True(process.Registered > 0, "no configuration was built on the process's");
        Assert.Equal(process.Registered, process.Removed);
    }

    private sealed class CountingConfiguration(IConfiguration inner) : IConfiguration, IChangeToken
    {
        public int Registered { get; private set; }

        public int Removed { get; private set; }

        public bool HasChanged => false;

        public bool ActiveChangeCallbacks => true;

        public string? this[string key]
        {
            get => inner[key];
            set => inner[key] = value;
        }

        public IConfigurationSection GetSection(string key) => inner.GetSection(key);

        public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren();

        public IChangeToken GetReloadToken() => this;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
        {
            Registered++;
            return new Registration(this);
        }

        private sealed class Registration(CountingConfiguration owner) : IDisposable
        {
            public void Dispose() => owner.Removed++;
        }
    }
}
